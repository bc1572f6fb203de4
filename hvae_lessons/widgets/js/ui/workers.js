/** Start a worker from its source, `import source from "./x.worker.js"`; the only way that also works from a file. */
export function startWorker(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  // The address is needed until the worker has been fetched, which its first message proves.
  worker.addEventListener("message", () => URL.revokeObjectURL(address), { once: true });
  return worker;
}
