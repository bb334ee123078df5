// The training loop that the command line and the page share.
import {
  crossEntropy,
  DataLoader,
  manualSeed,
  noGrad,
  type Sequential,
  type Tensor,
  TensorDataset,
  tensor,
  ValueError,
} from "tapegrad";
import { type TrainConfig, widthsOf } from "./config.ts";
import type { Examples, Split } from "./datasets.ts";
import { buildModel, layersOf } from "./model.ts";
import type { EpochRecord, StepRecord } from "./records.ts";
import { compileStep, meanNorms, readSteps, type Step, type StepOutput } from "./steps.ts";

export interface TrainResult {
  model: Sequential;
  layers: string[];
  epochs: EpochRecord[];
  steps: StepRecord[];
}

export interface TrainHooks {
  onStep?(done: number, steps: number, epoch: number): void | Promise<void>;
  /** The last entry of `epochs` is the epoch that has just ended. */
  onEpoch?(soFar: TrainResult): void | Promise<void>;
  /** Asked after each step; true ends the training. */
  stopped?(): boolean;
}

/** Trains a fresh network on the current device. The same seed gives the same weights. */
export async function train(
  split: Split,
  config: TrainConfig,
  hooks: TrainHooks = {},
): Promise<TrainResult> {
  manualSeed(config.seed);
  const model = buildModel(widthsOf(config.dataset, split.features));
  const layers = layersOf(model);
  const [x, y] = upload(split.train, split.features);
  const [testX, testY] = upload(split.test, split.features);
  const options = { batchSize: config.batch, shuffle: true, seed: config.seed };
  const loader = new DataLoader(new TensorDataset(x, y), options);
  const step = compileStep(model, config);
  const result: TrainResult = { model, layers: layers.map((l) => l.name), epochs: [], steps: [] };
  for (let epoch = 1; epoch <= config.epochs && !hooks.stopped?.(); epoch++) {
    const start = performance.now();
    const outputs = await trainEpoch(loader, step, epoch, hooks);
    const steps = await readSteps(outputs, layers);
    const seconds = (performance.now() - start) / 1000;
    checkFinite(steps, epoch, config);
    const [trainLoss, trainAccuracy] = await evaluate(model, x, y);
    const [testLoss, testAccuracy] = await evaluate(model, testX, testY);
    const gradients = meanNorms(steps);
    const accuracies = { trainLoss, trainAccuracy, testLoss, testAccuracy };
    result.epochs.push({ epoch, ...accuracies, gradients, seconds });
    result.steps.push(...steps);
    await hooks.onEpoch?.(result);
  }
  return result;
}

function upload({ x, y, count }: Examples, features: number): [Tensor, Tensor] {
  return [tensor(x, { shape: [count, features] }), tensor(y, { shape: [count], dtype: "int32" })];
}

async function trainEpoch(
  loader: DataLoader<[Tensor, Tensor]>,
  step: Step,
  epoch: number,
  hooks: TrainHooks,
): Promise<StepOutput[]> {
  const outputs: StepOutput[] = [];
  for await (const [x, y] of loader) {
    outputs.push(await step(x, y));
    await hooks.onStep?.(outputs.length, loader.length, epoch);
    if (hooks.stopped?.()) break;
  }
  return outputs;
}

function checkFinite(steps: readonly StepRecord[], epoch: number, { lr }: TrainConfig): void {
  const index = steps.findIndex(({ loss, total }) => !Number.isFinite(loss + total));
  if (index < 0) return;
  const { loss, total } = steps[index]!;
  throw new ValueError(
    `train: the training has diverged; got loss ${loss} and gradient norm ${total} at step ` +
      `${index + 1} of epoch ${epoch} with lr ${lr}. Use a smaller lr.`,
  );
}

/** Mean loss and accuracy over all examples at once. */
async function evaluate(model: Sequential, x: Tensor, y: Tensor): Promise<[number, number]> {
  model.eval();
  const { loss, accuracy } = noGrad(() => {
    const logits = model.forward(x);
    const hits = logits.argmax(1).eq(y).cast("float32");
    return { loss: crossEntropy(logits, y), accuracy: hits.mean() };
  });
  model.train();
  return Promise.all([loss.item(), accuracy.item()]);
}
