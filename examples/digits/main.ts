// Trains a network on a bundled data set, and writes its weights, history and a report.
//   npm start -- --help
import { readFile } from "node:fs/promises";
import process from "node:process";
import { init, TapegradError } from "tapegrad";
import { type TrainConfig, widthsOf } from "./config.ts";
import type { Split } from "./datasets.ts";
import { parseOptions } from "./options.ts";
import { createProgress, epochLine } from "./progress.ts";
import { readSplit } from "./readSplit.ts";
import { makeFolder, writeResults } from "./results.ts";
import { type TrainResult, train } from "./train.ts";

async function main(argv: readonly string[]): Promise<void> {
  const { config, device: wanted, out } = parseOptions(argv);
  const folder = await makeFolder(out, config);
  const device = await init({ seed: config.seed, ...(wanted && { device: wanted }) });
  const path = new URL(`../data/${config.dataset}.safetensors`, import.meta.url);
  const split = readSplit(await readFile(path), `${config.dataset}.safetensors`);
  const network = `MLP ${widthsOf(config.dataset, split.features).join("-")}`;
  const examples = { train: split.train.count, test: split.test.count };
  console.log(`device: ${device}`);
  console.log(`${config.dataset}: ${examples.train} training and ${examples.test} test examples`);
  console.log(`${network} with ReLU; ${describe(config)}`);
  const { model, ...records } = await trainWithProgress(split, config);
  const testAccuracy = records.epochs.at(-1)!.testAccuracy;
  const history = { device: String(device), network, config, examples, ...records, testAccuracy };
  await writeResults(folder, model, history);
  console.log(`test accuracy ${testAccuracy.toFixed(3)}`);
}

function describe({ dataset: _, ...config }: TrainConfig): string {
  const pairs = Object.entries(config);
  return pairs.map(([name, value]) => `${name} ${value}`).join(", ");
}

async function trainWithProgress(split: Split, config: TrainConfig): Promise<TrainResult> {
  const progress = createProgress(config.epochs);
  try {
    return await train(split, config, {
      onStep: progress.update,
      onEpoch({ epochs, layers }) {
        progress.clear();
        console.log(epochLine(epochs.at(-1)!, config.epochs, layers));
      },
    });
  } finally {
    progress.clear();
  }
}

/** A fault of the input or the machine is a sentence; a fault of the program keeps its stack. */
function explain(error: unknown): unknown {
  const isExpected = error instanceof TapegradError || (error instanceof Error && "code" in error);
  return isExpected ? `error: ${error.message}` : error;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
