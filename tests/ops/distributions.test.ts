import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

const cpu = new CpuDevice({ precision: "float64" });
let gpu: GpuDevice;

beforeAll(async () => {
  recorder.device = cpu;
  gpu = await openAdapter(await findAdapter());
});

const N = 20000;
type Make = (options: ops.PlainRandom) => Tensor;

/** Name, draws, mean, variance (null where there is none). */
const distributions: [string, Make, number, number | null][] = [
  ["exponential", (o) => ops.exponential([N], 2, o), 0.5, 0.25],
  ["logNormal", (o) => ops.logNormal([N], 0, 0.5, o), Math.exp(0.125), 0.3646],
  ["geometric", (o) => ops.geometric([N], 0.25, o), 4, 12],
  ["gamma below 1", (o) => ops.gamma(0.5, { shape: [N], ...o }), 0.5, 0.5],
  ["gamma", (o) => ops.gamma(6, { shape: [N], rate: 2, ...o }), 3, 1.5],
  ["poisson", (o) => ops.poisson(3.5, { shape: [N], ...o }), 3.5, 3.5],
  ["poisson of a large rate", (o) => ops.poisson(90, { shape: [N], ...o }), 90, 90],
  // The variance is 1 - 2 · 2 φ(2) / (Φ(2) - Φ(-2)).
  [
    "truncatedNormal",
    (o) => ops.truncatedNormal([N], { mean: 1, low: -1, high: 3, ...o }),
    1,
    0.7737,
  ],
  ["uniform", (o) => ops.uniform([N], -1, 3, o), 1, 16 / 12],
];

const statistics = (x: ArrayLike<number>) => {
  const list = Array.from(x);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length };
};

describe("draws from distributions", () => {
  it.each(distributions)("%s: mean and variance", async (_, make, mean, variance) => {
    const found = statistics(await make({ generator: new ops.Generator(5) }).data());
    const error = Math.sqrt((variance ?? 1) / N);
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * error);
    if (variance !== null) expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.1);
  });

  it.each(distributions)("%s: the same numbers on both devices", async (_, make) => {
    const draw = (device: CpuDevice | GpuDevice) =>
      ops.narrow(make({ device, generator: new ops.Generator(3) }), 0, 0, 500).data();
    const [there, here] = [await draw(gpu), await draw(cpu)];
    // Where rounding decides between two attempts, a single number may differ.
    const wrong = [...there].filter((x, i) => Math.abs(x - here[i]!) > 1e-4 * (1 + Math.abs(x)));
    expect(wrong.length).toBeLessThan(2);
  });

  it("take tensors of parameters", async () => {
    const rate = ops.tensor([[1], [50]]);
    const rows = await ops.mean(ops.poisson(ops.expand(rate, [2, 2000])), 1).data();
    expect(rows[0]).toBeCloseTo(1, 0);
    expect(Math.abs(rows[1]! - 50)).toBeLessThan(1);
    const means = await ops.mean(ops.normal([2, 4000], ops.tensor([[-3], [3]]), 0.1), 1).data();
    expect(means[1]).toBeCloseTo(3, 1);
  });
});

describe("drawing from a table of chances", () => {
  const weights = () => ops.tensor([0, 1, 2, 1]);

  it("follows the weights", async () => {
    const drawn = await ops.multinomial(weights(), 8000, { replacement: true }).data();
    const counts = [0, 0, 0, 0];
    for (const i of drawn) counts[i]!++;
    expect(counts[0]).toBe(0);
    expect(Math.abs(counts[2]! / 8000 - 0.5)).toBeLessThan(0.03);
    const logits = ops.log(weights());
    const same = await ops.categorical(logits, [4000]).data();
    expect(Math.abs(same.filter((i) => i === 2).length / 4000 - 0.5)).toBeLessThan(0.04);
  });

  it("names none twice without replacement", async () => {
    const rows = ops.expand(ops.tensor([1, 2, 3, 4]), [50, 4]);
    for (const row of (await ops.multinomial(rows, 3).toArray()) as number[][]) {
      expect(new Set(row).size).toBe(3);
    }
  });

  it("gives the same on both devices", async () => {
    const draw = (device: CpuDevice | GpuDevice) =>
      ops
        .multinomial(ops.tensor([1, 2, 3, 4], { device }), 300, {
          replacement: true,
          generator: new ops.Generator(2),
        })
        .data();
    expect([...(await draw(gpu))]).toEqual([...(await draw(cpu))]);
  });
});
