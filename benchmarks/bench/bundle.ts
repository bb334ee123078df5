import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { type SideName, sideFiles } from "./sides.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const folderOfSides = fileURLToPath(new URL("../sides", import.meta.url));

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  entryNames: "[name]",
  logLevel: "error",
};

/** TensorFlow.js asks for `require` in Node. */
const banner =
  'import { createRequire as makeRequire } from "node:module";' +
  " const require = makeRequire(import.meta.url);";

/** tapegrad finds Dawn by itself; the others expect a browser's navigator. */
const nodeEntry = (name: SideName): string => `
import * as node from "./navigator.ts";
import { serve } from "./stdio.ts";
node.${name === "tapegrad" ? "provideClasses" : "provideNavigator"}();
await serve((await import("./${sideFiles[name]}.ts")).side);`;

/** Plain JavaScript of one side for Node, so that nobody pays for TypeScript.
 *  @returns the file to run */
export async function bundleForNode(name: SideName, folder: string): Promise<string> {
  const outdir = join(folder, sideFiles[name]);
  await build({
    ...common,
    stdin: { contents: nodeEntry(name), resolveDir: folderOfSides, sourcefile: "entry.ts" },
    outdir,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    mainFields: ["module", "main"],
    external: ["webgpu"],
    banner: { js: banner },
  });
  return join(outdir, "stdin.mjs");
}

const pageEntry = (name: SideName): string => `
import { Worker } from "./worker.ts";
globalThis.benchmark = import("./${sideFiles[name]}.ts").then(({ side }) => new Worker(side));`;

/** The same side for a page, as a user's bundler makes it.
 *  @returns texts by file name; the page loads entry.js */
export async function bundleForBrowser(name: SideName): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: pageEntry(name), resolveDir: folderOfSides, sourcefile: "page.ts" },
    outdir: "page",
    write: false,
    platform: "browser",
  });
  const texts = outputFiles!.map(({ path, text }) => [basename(path), text] as const);
  return new Map(texts.map(([file, text]) => [file === "stdin.js" ? "entry.js" : file, text]));
}
