// Makes dist/, the published package, and says how large a page that trains digits becomes.
// dist/ keeps one module a file: a bundler then leaves out every op and layer that is not used.
// Node and Deno, which load every file by itself, get a few large ones.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { registry } from "../src/tensor/op.ts";
import { Moved, withoutFormulas, writeTables } from "./apart.ts";
import { measureBundle } from "./bundleSize.ts";
import { checkTables } from "./checkApart.ts";
import { bundleForRuntimes } from "./runtimes.ts";
import { markedPure, withoutTests, withoutUnused } from "./shakable.ts";
import { type Edit, edited, type Syntax, syntaxOf } from "./syntax.ts";
import "../src/index.ts"; // Defines every op.

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/** Gzipped, of what importing brings, and of all that a page has when a WebGPU device is open. */
const limits = { imported: 60 * 1024, open: 67 * 1024 };
/** The digits example in a browser: the page, and the worker in which it trains. */
const example = ["examples/page/main.ts", "examples/page/worker.ts"];

interface Manifest {
  imports: Record<string, Record<string, string>>;
  sideEffects: string[];
}

type Pass = (module: Syntax, text: string) => Iterable<Edit>;

const asBuilt = (path: string): string => path.replace(/\.ts$/, ".js");

/** Compiles the sources, one module each, with their declarations. */
function compileSources(): void {
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(
    process.execPath,
    [tsc, "-p", join(root, "scripts", "tsconfig.build.json")],
    { stdio: "inherit" },
  );
  if (status !== 0) throw new Error(`tsc failed with status ${status}. Mend the errors above.`);
}

/** A manifest of its own in dist/ points "#platform" at the built files; the one at the root
 *  points it at the sources. The two cannot drift apart: this one is made from that one. */
function writeManifest(): void {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { imports, sideEffects } = JSON.parse(text) as Manifest;
  const sources = sideEffects.filter((path) => path.endsWith(".ts"));
  for (const path of sources) {
    if (existsSync(join(root, path))) continue;
    throw new Error(`package.json: sideEffects names ${path}, which is missing. Correct it there.`);
  }
  const built = Object.fromEntries(
    Object.entries(imports).map(([name, conditions]) => [
      name,
      Object.fromEntries(Object.entries(conditions).map(([key, path]) => [key, asBuilt(path)])),
    ]),
  );
  const manifest = { type: "module", imports: built, sideEffects: sources.map(asBuilt) };
  writeFileSync(join(dist, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

async function reportSize(): Promise<void> {
  const { names, minified, gzipped, devices, largest } = await measureBundle(
    root,
    example.map((entry) => join(root, entry)),
  );
  console.log(`the digits example in a browser uses ${names.join(", ")}`);
  console.log(
    `imported: ${kilobytes(gzipped)} gzipped, ${kilobytes(minified)} minified; init loads ` +
      `${kilobytes(devices.webgpu)} more for WebGPU, ${kilobytes(devices.cpu)} for the cpu device`,
  );
  const open = gzipped + devices.webgpu;
  console.log(`in all with WebGPU: ${kilobytes(open)} gzipped`);
  for (const { file, bytes } of largest) console.log(`  ${kilobytes(bytes).padStart(8)}  ${file}`);
  if (gzipped > limits.imported || open > limits.open) {
    throw new Error(
      `the page has ${kilobytes(gzipped)} gzipped, and ${kilobytes(open)} with WebGPU; it may have ` +
        `${kilobytes(limits.imported)} and ${kilobytes(limits.open)}. ` +
        "See the largest files above: what of them does the example not use?",
    );
  }
}

/** Rewrites the built modules so that a page's bundler keeps of them only what the page uses. */
function makeShakable(): void {
  const moved = new Moved(dist);
  const all = readdirSync(dist, { recursive: true, encoding: "utf8" });
  for (const path of all.filter((file) => file.endsWith(".js")).map((file) => join(dist, file))) {
    const rewrite = (pass: Pass): void => {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, edited(text, [...pass(syntaxOf(text), text)]));
    };
    const isOps = /^src.(ops|optim)/.test(relative(dist, path));
    rewrite(withoutTests);
    if (isOps) rewrite(withoutFormulas);
    if (isOps) rewrite((module, text) => moved.takenFrom(module, path, text));
    rewrite(withoutUnused);
    rewrite(markedPure);
  }
  writeTables(dist, registry, moved);
}

compileSources();
makeShakable();
writeManifest();
await bundleForRuntimes(dist);
await checkTables(dist, registry);
console.log("dist/ is built");
await reportSize();
