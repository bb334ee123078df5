// Trains a network on a bundled data set, and writes its weights, history and a report.
//   npm start -- --help
import { mkdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { init, saveSafetensors, writeFileAtomic } from "tapegrad";
import { readSplit, type Split } from "./datasets.ts";
import type { History } from "./history.ts";
import { type JobOptions, parseOptions } from "./options.ts";
import { createProgress, epochLine } from "./progress.ts";
import { renderReport } from "./report.ts";
import { type TrainConfig, type TrainResult, train, widthsOf } from "./train.ts";

async function main(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const { config } = options;
  const device = await init({
    seed: config.seed,
    ...(options.device && { device: options.device }),
  });
  const path = new URL(`../data/${config.dataset}.safetensors`, import.meta.url);
  const split = readSplit(await readFile(path), `${config.dataset}.safetensors`);
  const network = `MLP ${widthsOf(config.dataset, split.features).join("-")}`;
  console.log(`device: ${device}`);
  console.log(
    `${config.dataset}: ${split.train.count} training, ${split.test.count} test examples`,
  );
  console.log(`${network} with ReLU; ${describe(config)}`);
  const result = await trainWithProgress(split, config);
  const testAccuracy = result.epochs.at(-1)?.testAccuracy ?? Number.NaN;
  const { model: _, ...records } = result;
  const examples = { train: split.train.count, test: split.test.count };
  const history = { device: String(device), network, config, examples, ...records, testAccuracy };
  await writeResults(options, result, history);
  console.log(`test accuracy ${testAccuracy.toFixed(3)}`);
}

function describe({ dataset: _, ...config }: TrainConfig): string {
  return Object.entries(config)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

async function trainWithProgress(split: Split, config: TrainConfig): Promise<TrainResult> {
  const progress = createProgress(config.epochs);
  try {
    return await train(split, config, {
      onStep: progress.update,
      onEpoch(record, _, layers) {
        progress.clear();
        console.log(epochLine(record, config.epochs, layers));
      },
    });
  } finally {
    progress.clear();
  }
}

async function writeResults({ config, out }: JobOptions, { model }: TrainResult, history: History) {
  const folder = out ?? defaultFolder(config);
  await mkdir(folder, { recursive: true });
  const metadata = { dataset: config.dataset, network: history.network };
  const encode = (text: string) => new TextEncoder().encode(text);
  await saveSafetensors(model.stateDict(), join(folder, "weights.safetensors"), { metadata });
  await writeFileAtomic(join(folder, "history.json"), encode(JSON.stringify(history, null, 1)));
  await writeFileAtomic(join(folder, "report.html"), encode(await renderReport(history)));
  const shown = relative(process.cwd(), folder) || ".";
  console.log(`wrote weights.safetensors, history.json and report.html to ${shown}`);
}

/** runs/2025-01-31T120000-digits-adam-seed0 in the checkout: sorted by time, never overwritten. */
function defaultFolder({ dataset, optimizer, seed }: TrainConfig): string {
  const moment = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const runs = fileURLToPath(new URL("../../runs", import.meta.url));
  return join(runs, `${moment}-${dataset}-${optimizer}-seed${seed}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? `error: ${error.message}` : error);
  process.exitCode = 1;
}
