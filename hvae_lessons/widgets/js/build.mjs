// Builds every widget of this folder twice into the folder named on the command line.

import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2]);
const names = readdirSync(here).filter((file) => file.endsWith(".js")).map((file) => file.slice(0, -3));

const options = {
  absWorkingDir: here,
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

const entry = (name, code) => ({ contents: code, resolveDir: here, sourcefile: `${name}-entry.js`, loader: "js" });

for (const name of names) {
  await build({
    ...options,
    plugins: [workers],
    stdin: entry(name, `export { default } from "./${name}.js";`),
    format: "esm",
    outfile: join(out, `${name}.esm.js`),
  });
  await build({
    ...options,
    plugins: [workers],
    stdin: entry(name, `import widget from "./${name}.js"; (globalThis.hvaeWidgets ??= {}).${name} = widget;`),
    format: "iife",
    outfile: join(out, `${name}.page.js`),
  });
}
