// A folder with all that a machine with a GPU needs to run the benchmark where nothing can be
// installed: the sides and the runner as plain JavaScript, Node, Dawn, and a Vulkan loader.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { loadersBeside, softwareDrivers } from "../../src/gpu/platform/softwareDrivers.ts";
import { root } from "./bundle.ts";
import type { SideName } from "./sides.ts";

const runner = fileURLToPath(new URL("../gpu.ts", import.meta.url));

/** Unpacks Node beside itself where the machine has none. */
const startScript = `#!/bin/sh
# Runs the benchmark on this machine's GPU; arguments go to it.
here=$(cd "$(dirname "$0")" && pwd)
node=$(command -v node) || node=$here/node
[ -x "$node" ] || { gunzip -c "$here/node.gz" > "$here/node" && chmod +x "$here/node"; }
exec "$node" "$here/bench.mjs" --gpu "$@"
`;

async function packRunner(folder: string): Promise<void> {
  await build({
    entryPoints: [runner],
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    outfile: join(folder, "bench.mjs"),
    banner: {
      js:
        'import { createRequire as makeRequire } from "node:module";' +
        " const require = makeRequire(import.meta.url);",
    },
    logLevel: "error",
  });
}

/** Dawn for this kind of machine, compressed: the runner unpacks it. */
function packDawn(folder: string): void {
  const from = join(root, "node_modules", "webgpu");
  const to = join(folder, "node_modules", "webgpu");
  const native = join("dist", `${process.platform}-${process.arch}`, "dawn.node");
  mkdirSync(join(to, dirname(native)), { recursive: true });
  for (const name of ["index.js", "package.json", "LICENSE.md"]) {
    copyFileSync(join(from, name), join(to, name));
  }
  writeFileSync(join(to, `${native}.gz`), gzipSync(readFileSync(join(from, native))));
}

/** The loader that ships with a software adapter finds the GPU's driver as well. */
function packLoader(folder: string): void {
  const [loader] = loadersBeside(softwareDrivers());
  if (loader === undefined || !existsSync(loader)) return;
  mkdirSync(join(folder, "lib"), { recursive: true });
  copyFileSync(loader, join(folder, "lib", "libvulkan.so.1"));
}

/** Packs everything into `folder`; `sh folder/start.sh` or `node folder/bench.mjs --gpu` runs it.
 *  */
export async function packForGpu(
  folder: string,
  parts: {
    bundles: (folder: string) => Promise<Record<SideName, string>>;
    versions: Readonly<Record<string, string>>;
  },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await parts.bundles(join(folder, "sides"));
  await packRunner(folder);
  packDawn(folder);
  packLoader(folder);
  writeFileSync(join(folder, "node.gz"), gzipSync(readFileSync(process.execPath), { level: 9 }));
  writeFileSync(join(folder, "versions.json"), JSON.stringify(parts.versions));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "start.sh"), startScript);
  chmodSync(join(folder, "start.sh"), 0o755);
  console.error(`bench: packed ${folder}; there: sh start.sh, or node bench.mjs --gpu`);
}
