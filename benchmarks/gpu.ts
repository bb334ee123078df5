// The benchmark on a machine with a GPU, from a packed folder: node bench.mjs --gpu [--json]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { Command } from "commander";
import type { Adapter } from "./bench/adapters.ts";
import { type RowName, rowNames } from "./bench/goals.ts";
import { hardwareEffort, printReport } from "./bench/output.ts";
import { runBenchmarks } from "./bench/run.ts";
import { type SideName, sideFiles } from "./bench/sides.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const say = (text: string) => console.error(`bench: ${text}`);

function unpackDawn(): void {
  const folder = `node_modules/webgpu/dist/${process.platform}-${process.arch}`;
  const file = join(here, folder, "dawn.node");
  if (!existsSync(file)) writeFileSync(file, gunzipSync(readFileSync(`${file}.gz`)));
}

/** The machine's own loader and driver; the packed loader only where the machine has none. */
function adapter(): Adapter {
  const paths = [process.env.LD_LIBRARY_PATH, join(here, "lib")].filter(Boolean);
  const known = ["/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu"];
  const hasLoader = known.some((folder) => existsSync(join(folder, "libvulkan.so.1")));
  const variables: Record<string, string> = hasLoader ? {} : { LD_LIBRARY_PATH: paths.join(":") };
  return { key: "default", variables, cached: true };
}

const program = new Command("bench.mjs")
  .description("Measures tapegrad, its peers and kernels by hand on this machine's GPU.")
  .option("--gpu", "accepted for symmetry: this folder runs on the GPU in any case")
  .option("--json", "print one object instead of tables")
  .option("--cases <names>", "only these, e.g. mlp,cnn")
  .option("--sweep", "training steps of growing sizes, too");

const {
  json = false,
  cases,
  sweep = false,
} = program.parse().opts<{
  json?: boolean;
  cases?: string;
  sweep?: boolean;
}>();
unpackDawn();
const files = Object.fromEntries(
  Object.entries(sideFiles).map(([side, name]) => [side, join(here, "sides", name, "stdin.mjs")]),
) as Record<SideName, string>;
const report = await runBenchmarks({
  adapters: [adapter()],
  wanted: new Set((cases?.split(",") as RowName[]) ?? rowNames),
  ...{ files, sweep, say, effort: hardwareEffort },
  versions: JSON.parse(readFileSync(join(here, "versions.json"), "utf8")) as Record<string, string>,
});
printReport(report, { json, results: join(here, "results"), say });
