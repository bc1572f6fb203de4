// Builds the front end of every widget twice into the folder named on the command line.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const widgets = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(process.argv[2]);
const names = readdirSync(widgets).filter((name) => existsSync(join(widgets, name, "front_end.js")));

const options = {
  absWorkingDir: widgets,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2022"],
  legalComments: "inline",
  loader: { ".css": "text" },
  logLevel: "warning",
};

// `import source from "./x.worker.js"` gives the worker as one text, to be started from a blob: opened as a file, a page
// may not load a worker from a path, nor as a module.
const workers = {
  name: "workers",
  setup(setup) {
    setup.onLoad({ filter: /\.worker\.js$/ }, async ({ path }) => {
      const built = await build({ ...options, entryPoints: [path], format: "iife", write: false });
      return { contents: built.outputFiles[0].text, loader: "text" };
    });
  },
};

const entry = (name, code) => ({ contents: code, resolveDir: widgets, sourcefile: `${name}-entry.js`, loader: "js" });

for (const name of names) {
  await build({
    ...options,
    plugins: [workers],
    stdin: entry(name, `export { default } from "./${name}/front_end.js";`),
    format: "esm",
    outfile: join(out, `${name}.esm.js`),
  });
  await build({
    ...options,
    plugins: [workers],
    stdin: entry(name, `import widget from "./${name}/front_end.js"; (globalThis.hvaeWidgets ??= {}).${name} = widget;`),
    format: "iife",
    outfile: join(out, `${name}.page.js`),
  });
}
