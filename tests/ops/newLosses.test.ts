import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];
const total = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const none = { reduction: "none" } as const;

function close(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 6);
}

const logits = [-2, 0.5, 3, -1, 0, 1.5];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe("sigmoidFocalLoss", () => {
  const target = [0, 1, 1, 0, 0.25, 1];
  /** torchvision's formula, element by element. */
  const formula = (x: number, t: number, alpha: number | null, gamma: number) => {
    const p = sigmoid(x);
    const entropy = -(t * Math.log(p) + (1 - t) * Math.log(1 - p));
    const weight = alpha === null ? 1 : alpha * t + (1 - alpha) * (1 - t);
    return weight * entropy * (1 - (p * t + (1 - p) * (1 - t))) ** gamma;
  };

  it.each([
    [0.25, 2],
    [null, 2],
    [0.6, 0],
    [0.25, 0.5],
  ])("is the formula for alpha %s and gamma %s", async (alpha, gamma) => {
    const [x, t] = [ops.tensor(logits), ops.tensor(target)];
    const wanted = logits.map((l, i) => formula(l, target[i]!, alpha, gamma));
    const options = { alpha, gamma };
    close(await values(ops.sigmoidFocalLoss(x, t, { ...options, ...none })), wanted);
    const [mean] = await values(ops.sigmoidFocalLoss(x, t, options));
    expect(mean).toBeCloseTo(total(wanted) / 6, 6);
    const [sum] = await values(ops.sigmoidFocalLoss(x, t, { ...options, reduction: "sum" }));
    expect(sum).toBeCloseTo(total(wanted), 6);
  });

  it("stays finite where a prediction is certain", async () => {
    const [x, t] = [ops.tensor([200, -200, 200, -200]), ops.tensor([1, 0, 0, 1])];
    const losses = await values(ops.sigmoidFocalLoss(x, t, { gamma: 0.5, alpha: null, ...none }));
    close(losses, [0, 0, 200, 200]);
  });
});

it("softmaxFocalLoss is the formula, with a weight for each class", async () => {
  const x = ops.tensor(logits, { shape: [2, 3] });
  const labels = ops.tensor([2, 0], { dtype: "int32" });
  const weights = [0.2, 0.5, 0.9];
  const alpha = ops.tensor(weights);
  const wanted = [logits.slice(0, 3), logits.slice(3)].map((row, i) => {
    const label = [2, 0][i]!;
    const p = Math.exp(row[label]!) / total(row.map(Math.exp));
    return -weights[label]! * (1 - p) ** 2 * Math.log(p);
  });
  close(await values(ops.softmaxFocalLoss(x, labels, { alpha, ...none })), wanted);
  const half = wanted.map((loss, i) => (loss / weights[[2, 0][i]!]!) * 0.5);
  close(await values(ops.softmaxFocalLoss(x, labels, { alpha: 0.5, ...none })), half);
  const plain = await values(ops.softmaxFocalLoss(x, labels, { gamma: 0 }));
  close(plain, await values(ops.crossEntropy(x, labels)));
});

describe("diceLoss", () => {
  const mask = [1, 0, 1, 1, 0, 0];
  const both = (p: readonly number[], t: readonly number[], power: number, smooth: number) =>
    1 -
    (2 * total(p.map((x, i) => x * t[i]!)) + smooth) /
      (total(p.map((x) => x ** power)) + total(t.map((x) => x ** power)) + smooth);

  it.each([
    [true, 1],
    [false, 0.1],
  ])("is the formula (squared: %s, smooth: %s)", async (squared, smooth) => {
    const x = ops.tensor(logits, { shape: [2, 3] });
    const t = ops.tensor(mask, { shape: [2, 3] });
    const p = logits.map(sigmoid);
    const rows = [0, 3].map((i) =>
      both(p.slice(i, i + 3), mask.slice(i, i + 3), squared ? 2 : 1, smooth),
    );
    const options = { logits: true, squared, smooth };
    close(await values(ops.diceLoss(x, t, { ...options, ...none })), rows);
    close(await values(ops.diceLoss(x, t, options)), [total(rows) / 2]);
    const whole = both(p, mask, squared ? 2 : 1, smooth);
    close(await values(ops.diceLoss(x, t, { ...options, axis: [0, 1] })), [whole]);
  });

  it("is 0 for equal masks, empty ones too, and 1 for disjoint ones", async () => {
    const t = ops.tensor(mask);
    close(await values(ops.diceLoss(t, t)), [0]);
    close(await values(ops.diceLoss(ops.zeros([6]), ops.zeros([6]))), [0]);
    close(await values(ops.diceLoss(ops.sub(1, t), t, { smooth: 0 })), [1]);
  });
});

const cosine = (a: readonly number[], b: readonly number[]) =>
  total(a.map((x, i) => x * b[i]!)) / (Math.hypot(...a) * Math.hypot(...b));
const entropyOf = (scores: readonly number[], at: number) =>
  Math.log(total(scores.map((s) => Math.exp(s - scores[at]!))));

const first = [
  [1, 2, -1],
  [0.5, -1, 2],
];
const second = [
  [1.2, 1.5, -0.5],
  [0, -1, 1],
];
const tensorOf = (rows: number[][]) => ops.tensor(rows.flat(), { shape: [rows.length, 3] });

it("ntXentLoss is equation 1 of SimCLR", async () => {
  const z = [...first, ...second];
  const wanted = z.map((a, i) => {
    const others = z.map((_, k) => k).filter((k) => k !== i);
    const scores = others.map((k) => cosine(a, z[k]!) / 0.3);
    return entropyOf(scores, others.indexOf((i + 2) % 4));
  });
  const [a, b] = [tensorOf(first), tensorOf(second)];
  close(await values(ops.ntXentLoss(a, b, { temperature: 0.3, ...none })), wanted);
  close(await values(ops.ntXentLoss(a, b, { temperature: 0.3 })), [total(wanted) / 4]);
  // The only other vector is the right one.
  close(await values(ops.ntXentLoss(tensorOf(first.slice(1)), tensorOf(second.slice(1)))), [0]);
});

it("infoNceLoss is the entropy of finding the key", async () => {
  const [q, k] = [tensorOf(first), tensorOf(second)];
  const scores = (a: number[], keys: number[][]) => keys.map((b) => cosine(a, b) / 0.1);
  const wanted = first.map((a, i) => entropyOf(scores(a, second), i));
  close(await values(ops.infoNceLoss(q, k, none)), wanted);
  const extra = [[-1, 0, 3]];
  const alone = first.map((a, i) => entropyOf(scores(a, [second[i]!, ...extra]), 0));
  close(await values(ops.infoNceLoss(q, k, { negatives: tensorOf(extra), ...none })), alone);
  const sharp = await values(ops.infoNceLoss(q, k, { temperature: 1e-4 }));
  expect(sharp.every(Number.isFinite)).toBe(true);
});
