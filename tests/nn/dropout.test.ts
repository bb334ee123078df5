import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  FeatureAlphaDropout,
  type Layer,
  SELU,
} from "../../src/nn/index.ts";
import { full, ones, zeros } from "../../src/ops/creation/creation.ts";
import { Generator, randn } from "../../src/ops/random/random.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor) => Array.from(await x.data());
const groups = (list: readonly number[], size: number) =>
  Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size));
const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

/** Layers, and how many elements of x one draw decides about. */
const layers: [string, (p: number) => Layer, number[], number][] = [
  ["Dropout", (p) => new Dropout(p, { seed: 1 }), [50, 40, 6], 1],
  ["Dropout1d", (p) => new Dropout1d(p, { seed: 1 }), [50, 40, 6], 6],
  ["Dropout1d of one example", (p) => new Dropout1d(p, { seed: 1 }), [2000, 6], 6],
  ["Dropout2d", (p) => new Dropout2d(p, { seed: 1 }), [50, 40, 2, 3], 6],
  ["Dropout2d of one example", (p) => new Dropout2d(p, { seed: 1 }), [2000, 2, 3], 6],
  ["Dropout3d", (p) => new Dropout3d(p, { seed: 1 }), [50, 40, 2, 1, 3], 6],
  ["AlphaDropout", (p) => new AlphaDropout(p, { seed: 1 }), [50, 40, 6], 1],
  ["FeatureAlphaDropout", (p) => new FeatureAlphaDropout(p, { seed: 1 }), [50, 40, 2, 3], 6],
];

describe.each(layers)("%s", (name, make, shape, size) => {
  it("keeps about 1 - p of what it drops as one, and others at each call", async () => {
    const layer = make(0.3);
    const first = await values(layer.forward(ones(shape)));
    const drawn = groups(first, size);
    for (const group of drawn) expect(new Set(group).size).toBe(1);
    const [low, high] = [Math.min(...first), Math.max(...first)];
    expect(new Set(first).size).toBe(2);
    if (!name.includes("Alpha")) {
      expect(low).toBe(0);
      expect(high).toBeCloseTo(1 / 0.7, 12);
    }
    // Of 2000 draws or more; their standard deviation is 0.01.
    expect(Math.abs(mean(drawn.map(([v]) => (v === high ? 1 : 0))) - 0.7)).toBeLessThan(0.04);
    expect(await values(layer.forward(ones(shape)))).not.toEqual(first);
    expect(await values(make(0.3).forward(ones(shape)))).toEqual(first);
  });

  it("changes nothing in evaluation or with p = 0, and leaves zeros with p = 1", async () => {
    const x = full(shape, 3);
    expect(make(0.5).eval().forward(x)).toBe(x);
    expect(make(0).forward(x)).toBe(x);
    expect(new Set(await values(make(1).forward(x)))).toEqual(new Set([0]));
  });

  it("refuses what is no probability", () => {
    for (const p of [-0.1, 1.1, Number.NaN]) {
      expect(() => make(p)).toThrow(ValueError);
      expect(() => make(p)).toThrow(`${name.split(" ")[0]}: p is not a probability; got ${p}.`);
    }
  });
});

it("AlphaDropout keeps mean 0 and variance 1", async () => {
  const x = randn([100, 1000], { generator: new Generator(3) });
  for (const p of [0.1, 0.5, 0.9]) {
    const out = await values(new AlphaDropout(p, { seed: 2 }).forward(x));
    expect(Math.abs(mean(out))).toBeLessThan(0.03);
    expect(Math.abs(mean(out.map((v) => v * v)) - 1)).toBeLessThan(0.03);
  }
});

it("AlphaDropout drops to the lowest value of SELU", async () => {
  const [p, q] = [0.4, 0.6];
  const lowest = (await values(new SELU().forward(full([1], -100))))[0]!;
  const scale = 1 / Math.sqrt(q + lowest * lowest * q * p);
  const out = await values(new AlphaDropout(p, { seed: 1 }).forward(full([100], 2)));
  const wanted = [lowest, 2].map((v) => scale * v - scale * lowest * p);
  expect(Math.min(...out)).toBeCloseTo(wanted[0]!, 6);
  expect(Math.max(...out)).toBeCloseTo(wanted[1]!, 6);
});

it.each<[Layer, number[], string]>([
  [new Dropout1d(), [4], "Dropout1d: the input is not [batch, channels, length]"],
  [new Dropout2d(), [4, 4], "Dropout2d: the input is not [batch, channels, height, width]"],
  [new Dropout3d(), [4, 4, 4], "Dropout3d: the input is not"],
  [new FeatureAlphaDropout(), [4], "FeatureAlphaDropout: the input is not [batch, channels, …]"],
])("%s refuses other axes", (layer, shape, message) => {
  expect(() => layer.forward(zeros(shape))).toThrow(ShapeError);
  expect(() => layer.forward(zeros(shape))).toThrow(message);
});
