import { readFileSync } from "node:fs";
import { compile, losses, manualSeed, nn, noGrad, type optim, type Tensor, tensor } from "tapegrad";
import { readSplit } from "../../examples/digits/readSplit.ts";

const CLASSES = 10;

/** Numbers in [0, 1) that are the same at every run: a linear congruential generator. */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Digits of which some training labels are drawn at random, a small classifier, and its losses. */
export function noisyDigits(count: number, wrong: number, hidden = 32) {
  const bytes = readFileSync(new URL("../../examples/data/digits.safetensors", import.meta.url));
  const { train, test, features } = readSplit(bytes, "digits");
  const draw = uniforms(7);
  const labels = Array.from(train.y.subarray(0, count), (y) =>
    draw() < wrong ? Math.floor(draw() * CLASSES) : y,
  );
  const rows = (from: number, size: number) => ({
    x: tensor(train.x.subarray(from * features, (from + size) * features), {
      shape: [size, features],
    }),
    y: tensor(Int32Array.from(labels.slice(from, from + size))),
  });
  manualSeed(1);
  const model = new nn.Sequential(
    new nn.Linear(features, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, CLASSES),
  );
  const lossOf = (x: Tensor, y: Tensor) => losses.crossEntropy(model.forward(x), y);
  const held = {
    x: tensor(test.x, { shape: [test.count, features] }),
    y: tensor(test.y),
  };
  return {
    model,
    lossOf,
    all: rows(0, count),
    batch: (i: number, size: number) => rows((i * size) % (count - size + 1), size),
    testLoss: () => noGrad(() => lossOf(held.x, held.y)).item(),
  };
}

export type NoisyDigits = ReturnType<typeof noisyDigits>;

/** A compiled step of an optimizer on a batch. */
export const stepOf = ({ lossOf }: NoisyDigits, optimizer: optim.Optimizer) =>
  compile((x: Tensor, y: Tensor) => {
    const loss = lossOf(x, y);
    optimizer.zeroGrad();
    loss.backward();
    void optimizer.step();
    return loss;
  });
