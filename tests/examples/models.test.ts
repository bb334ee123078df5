import { readFileSync } from "node:fs";
import {
  compile,
  crossEntropy,
  init,
  manualSeed,
  mseLoss,
  nn,
  optim,
  type Tensor,
  tensor,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { readSplit } from "../../examples/digits/readSplit.ts";
import { Autoencoder } from "../../examples/models/autoencoder.ts";
import { CharLstm } from "../../examples/models/charLstm.ts";
import { DigitsCnn } from "../../examples/models/digitsCnn.ts";
import { LeNet5 } from "../../examples/models/leNet5.ts";
import { Mlp } from "../../examples/models/mlp.ts";
import { ResNetSmall } from "../../examples/models/resnetSmall.ts";
import { RowLstm } from "../../examples/models/rowLstm.ts";
import { RowTransformer } from "../../examples/models/rowTransformer.ts";
import { TinyGpt } from "../../examples/models/tinyGpt.ts";

const path = new URL("../../examples/data/digits.safetensors", import.meta.url);
const { train: digits } = readSplit(readFileSync(path), "digits");
const COUNT = 16;

/** The first digits, as images of this shape, and their classes. */
function images(...shape: number[]): { x: Tensor; y: Tensor } {
  return {
    x: tensor(digits.x.slice(0, COUNT * 64), { shape: [COUNT, ...shape] }),
    y: tensor(digits.y.slice(0, COUNT), { dtype: "int32" }),
  };
}

const text = "the tape remembers what the network forgets";
const alphabet = [...new Set(text)].sort();
const codes = Int32Array.from(text, (c) => alphabet.indexOf(c));
/** A text as one sequence: each character, and the one after it. */
const sentence = () => ({
  x: tensor(codes.slice(0, -1), { shape: [1, codes.length - 1], dtype: "int32" }),
  y: tensor(codes.slice(1), { shape: [1, codes.length - 1], dtype: "int32" }),
});

interface Task {
  readonly model: nn.Layer;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly lr: number;
  readonly steps: number;
  /** Classes stand at this axis of the result; without it the images are to be drawn again. */
  readonly classes?: number;
}

const tasks: Readonly<Record<string, () => Task>> = {
  mlp: () => ({ model: new Mlp([64, 32, 10]), ...images(64), lr: 1e-2, steps: 100, classes: 1 }),
  leNet5: () => {
    const { x, y } = images(1, 8, 8);
    const large = new nn.Upsample({ scaleFactor: 4 }).forward(x);
    return { model: new LeNet5(), x: large, y, lr: 3e-3, steps: 60, classes: 1 };
  },
  digitsCnn: () => ({
    model: new DigitsCnn(),
    ...images(1, 8, 8),
    lr: 1e-2,
    steps: 30,
    classes: 1,
  }),
  resnetSmall: () => ({
    model: new ResNetSmall({ channels: 1, width: 8, classes: 10 }),
    ...images(1, 8, 8),
    lr: 1e-2,
    steps: 30,
    classes: 1,
  }),
  rowLstm: () => ({
    model: new RowLstm(8, 16, 10),
    ...images(8, 8),
    lr: 3e-2,
    steps: 100,
    classes: 1,
  }),
  rowTransformer: () => ({
    model: new RowTransformer(8, 8, 16, 10),
    ...images(8, 8),
    lr: 1e-2,
    steps: 100,
    classes: 1,
  }),
  autoencoder: () => {
    const { x } = images(64);
    return { model: new Autoencoder(64, 64, 16), x, y: x, lr: 1e-2, steps: 300 };
  },
  charLstm: () => ({
    model: new CharLstm(alphabet.length, 32),
    ...sentence(),
    lr: 3e-2,
    steps: 100,
    classes: 2,
  }),
  tinyGpt: () => ({
    model: new TinyGpt(alphabet.length, { context: 64, features: 16, heads: 2, layers: 2 }),
    ...sentence(),
    lr: 1e-2,
    steps: 100,
    classes: 2,
  }),
};

/** Trains on the one batch; the loss and the share of right answers at the end. */
async function overfit({ model, x, y, lr, steps, classes }: Task) {
  const rows = (t: Tensor) => (classes === 2 ? t.flatten(0, 1) : t);
  const lossOf = (out: Tensor, wanted: Tensor) =>
    classes === undefined ? mseLoss(out, wanted) : crossEntropy(rows(out), rows(wanted));
  const adam = new optim.Adam(model.parameters(), { lr });
  const step = compile((given: Tensor, wanted: Tensor) => {
    const loss = lossOf(model.forward(given), wanted);
    adam.zeroGrad();
    loss.backward();
    adam.step();
    return loss;
  });
  let loss = await step(x, y);
  for (let i = 1; i < steps; i++) loss = await step(x, y);
  if (classes === undefined) return { loss: await loss.item(), right: 1 };
  const hits = model.forward(x).argmax(classes).eq(y).cast("float32");
  return { loss: await loss.item(), right: await hits.mean().item() };
}

describe("every example model learns one batch by heart", () => {
  beforeAll(async () => {
    await init({ device: "webgpu" });
  });

  it.each(Object.keys(tasks))("%s", async (name) => {
    manualSeed(1);
    const task = tasks[name]!();
    const { loss, right } = await overfit(task);
    expect(loss).toBeLessThan(task.classes === undefined ? 0.01 : 0.05);
    expect(right).toBe(1);
  });
});
