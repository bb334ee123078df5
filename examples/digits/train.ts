// The training loop that the command line and the page share.
import {
  compile,
  data,
  losses,
  manualSeed,
  type nn,
  noGrad,
  optim,
  type Tensor,
  tensor,
} from "tapegrad";
import { type DatasetName, datasets, type Examples, type Split } from "./datasets.ts";
import { buildModel, layersOf, type OptimizerName, optimizers } from "./model.ts";
import { type GradientNorms, meanNorms, readSteps, type StepOutput } from "./steps.ts";

export interface TrainConfig {
  dataset: DatasetName;
  epochs: number;
  batch: number;
  optimizer: OptimizerName;
  lr: number;
  /** Largest global norm of the gradients. */
  clip: number;
  seed: number;
}

export interface EpochRecord {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss: number;
  testAccuracy: number;
  /** Means over the epoch's steps. */
  gradients: GradientNorms;
  /** Of training alone, without the evaluation. */
  seconds: number;
}

export interface TrainHooks {
  onStep?(done: number, steps: number, epoch: number): void | Promise<void>;
  onEpoch?(
    record: EpochRecord,
    model: nn.Sequential,
    layers: readonly string[],
  ): void | Promise<void>;
  /** Asked after each step; true ends the training. */
  stopped?(): boolean;
}

export interface TrainResult {
  model: nn.Sequential;
  layers: string[];
  epochs: EpochRecord[];
  /** One entry a step. */
  gradients: GradientNorms[];
}

/** What suits a problem and an optimizer. */
export function defaultConfig(dataset: DatasetName, optimizer: OptimizerName): TrainConfig {
  const { epochs, adamLr } = datasets[dataset];
  const lr = optimizers[optimizer].lr ?? adamLr;
  return { dataset, epochs, batch: 32, optimizer, lr, clip: 5, seed: 0 };
}

/** The widths of the network for a problem, input and output included. */
export function widthsOf(dataset: DatasetName, features: number): number[] {
  return [features, ...datasets[dataset].hidden, datasets[dataset].classes];
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
  const { batch: batchSize, seed } = config;
  const loader = new data.DataLoader(new data.TensorDataset(x, y), {
    batchSize,
    shuffle: true,
    seed,
  });
  const step = compileStep(model, config);
  const result: TrainResult = {
    model,
    layers: layers.map(({ name }) => name),
    epochs: [],
    gradients: [],
  };
  for (let epoch = 1; epoch <= config.epochs && !hooks.stopped?.(); epoch++) {
    const start = performance.now();
    const outputs = await trainEpoch(loader, step, epoch, hooks);
    const { meanLoss, norms } = await readSteps(outputs, layers);
    const seconds = (performance.now() - start) / 1000;
    checkFinite(meanLoss, epoch, config);
    const [trainLoss, trainAccuracy] = await evaluate(model, x, y);
    const [testLoss, testAccuracy] = await evaluate(model, testX, testY);
    const gradients = meanNorms(norms);
    const record = { epoch, trainLoss, trainAccuracy, testLoss, testAccuracy, gradients, seconds };
    result.epochs.push(record);
    result.gradients.push(...norms);
    await hooks.onEpoch?.(record, model, result.layers);
  }
  return result;
}

function upload({ x, y, count }: Examples, features: number): [Tensor, Tensor] {
  return [tensor(x, { shape: [count, features] }), tensor(y, { shape: [count], dtype: "int32" })];
}

/** Forward, backward, clipping and the optimizer as one submit. */
function compileStep(model: nn.Sequential, { optimizer, lr, clip }: TrainConfig) {
  const parameters = [...model.parameters()];
  const opt = optimizers[optimizer].make(parameters, lr);
  return compile((x: Tensor, y: Tensor): StepOutput => {
    const loss = losses.crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    const { total, perParameter } = optim.clipGradNorm(parameters, clip);
    opt.step();
    return { loss, total, perParameter };
  });
}

async function trainEpoch(
  loader: data.DataLoader<[Tensor, Tensor]>,
  step: (x: Tensor, y: Tensor) => Promise<StepOutput>,
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

function checkFinite(loss: number, epoch: number, { lr }: TrainConfig): void {
  if (Number.isFinite(loss)) return;
  throw new Error(
    `train: the loss is not finite; got ${loss} in epoch ${epoch} with lr ${lr}. Use a smaller lr.`,
  );
}

/** Mean loss and accuracy over all examples at once. */
async function evaluate(model: nn.Sequential, x: Tensor, y: Tensor): Promise<[number, number]> {
  model.eval();
  const { loss, accuracy } = noGrad(() => {
    const logits = model.forward(x);
    const hits = logits.argmax(1).eq(y).cast("float32");
    return { loss: losses.crossEntropy(logits, y), accuracy: hits.mean() };
  });
  model.train();
  return Promise.all([loss.item(), accuracy.item()]);
}
