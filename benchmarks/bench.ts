// tapegrad beside jax-js, TensorFlow.js and kernels by hand: npm run -s bench -- --help
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Command, Option } from "commander";
import { type AdapterName, adapterNames, chooseAdapters } from "./bench/adapters.ts";
import { bundleForNode, root } from "./bench/bundle.ts";
import { measureChromium } from "./bench/chromium.ts";
import type { Effort } from "./bench/entrant.ts";
import { type RowName, rowNames } from "./bench/goals.ts";
import { packForGpu } from "./bench/gpuPack.ts";
import { hardwareEffort, printReport, quickEffort, softwareEffort } from "./bench/output.ts";
import { fillReadme } from "./bench/readme.ts";
import { type RunOptions, runBenchmarks } from "./bench/run.ts";
import { type SideName, sideNames } from "./bench/sides.ts";

interface Options {
  json?: boolean;
  cases?: string;
  adapter?: AdapterName;
  host?: boolean;
  chromium?: boolean;
  gpu?: boolean;
  gpuPack?: string;
  sweep?: boolean;
  readme?: boolean;
  quick?: boolean;
}

const results = join(root, "benchmarks", "results");
const say = (text: string) => console.error(`bench: ${text}`);

/** The rows that the options ask for; all without any. */
function wantedRows({ cases, host, chromium, sweep }: Options): ReadonlySet<RowName> {
  if (cases !== undefined) {
    const names = cases.split(",").filter((name) => name !== "");
    const unknown = names.find((name) => !rowNames.includes(name as RowName));
    if (unknown === undefined) return new Set(names as RowName[]);
    throw new Error(`bench: no case "${unknown}". Use ${rowNames.join(", ")}.`);
  }
  const prefixes = [...(host ? ["host"] : []), ...(chromium ? ["chromium"] : [])];
  if (prefixes.length > 0) {
    return new Set(rowNames.filter((name) => prefixes.some((prefix) => name.startsWith(prefix))));
  }
  return new Set(sweep ? [] : rowNames);
}

function versionOf(name: string): string {
  const path = join(root, ...(name === "tapegrad" ? [] : ["node_modules", name]), "package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

const versions = (): Record<string, string> => ({
  tapegrad: versionOf("tapegrad"),
  "jax-js": versionOf("@jax-js/jax"),
  "TensorFlow.js": versionOf("@tensorflow/tfjs-core"),
  Node: process.versions.node,
  "webgpu (Dawn)": versionOf("webgpu"),
});

async function bundles(folder: string): Promise<Record<SideName, string>> {
  const files: Partial<Record<SideName, string>> = {};
  for (const side of sideNames) files[side] = await bundleForNode(side, folder);
  return files as Record<SideName, string>;
}

/** How much is measured of a case. */
function effortOf({ quick, gpu }: Options): Effort {
  if (quick) return quickEffort;
  return gpu ? hardwareEffort : softwareEffort;
}

async function measure(options: Options): Promise<void> {
  const wanted = wantedRows(options);
  const adapters = await chooseAdapters(options.gpu ? "default" : options.adapter);
  // Within node_modules, so that npm's packages are found from there; each run has its own.
  const folder = join(root, "node_modules", ".cache", `tapegrad-bench-${process.pid}`);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const files = await bundles(folder);
  const run: RunOptions = {
    adapters,
    wanted,
    files,
    say,
    sweep: options.sweep ?? false,
    effort: effortOf(options),
    versions: versions(),
    // A browser is driven on SwiftShader alone.
    chromium: options.gpu ? undefined : measureChromium,
  };
  printReport(await runBenchmarks(run), { json: options.json ?? false, results, say });
}

const program = new Command("bench")
  .description(
    "Measures tapegrad beside its peers and the limit of the adapter (docs/benchmarks.md).",
  )
  .option("--json", "print one object instead of tables")
  .option("--cases <names>", "only these, e.g. mlp,cnn")
  .addOption(new Option("--adapter <name>", "only this one").choices(adapterNames))
  .option("--host", "only the host time of a step, on Dawn's null back end")
  .option("--chromium", "only the training steps in Chromium")
  .option("--sweep", "only training steps of growing sizes")
  .option("--gpu", "on the machine's GPU")
  .option("--gpu-pack <folder>", "write all that a machine with a GPU needs to run this")
  .option("--quick", "three short blocks a case: to see that it works")
  .option("--readme", "fill the table in README.md from the newest results");

const options = program.parse().opts<Options>();
if (options.readme) fillReadme(join(root, "README.md"), results);
else if (options.gpuPack) await packForGpu(options.gpuPack, { bundles, versions: versions() });
else await measure(options);
