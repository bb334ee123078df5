import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { Dropout, Flatten, Linear, ReLU, Sequential, Sigmoid, Tanh } from "../../src/nn/index.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: { data(): Promise<ArrayLike<number>> }) => Array.from(await x.data());

describe("Linear", () => {
  it("is x Wᵀ + b over the last axis", async () => {
    const layer = new Linear(2, 3);
    layer.weight.assign(tensor([1, 2, 3, 4, 5, 6], { shape: [3, 2] }));
    layer.bias!.assign(tensor([10, 20, 30]));
    expect(await values(layer.forward(tensor([1, -1])))).toEqual([9, 19, 29]);
    const batch = layer.forward(tensor([1, -1, 0, 2], { shape: [2, 1, 2] }));
    expect(batch.shape).toEqual([2, 1, 3]);
    expect(await values(batch)).toEqual([9, 19, 29, 14, 28, 42]);
  });

  it("starts within ±1/√inFeatures, by its seed", async () => {
    const [a, b] = [new Linear(10, 2000, { seed: 1 }), new Linear(10, 2000, { seed: 1 })];
    expect(await values(a.weight)).toEqual(await values(b.weight));
    for (const parameter of a.parameters()) {
      const top = Math.max(...(await values(parameter)).map(Math.abs));
      expect(top).toBeLessThanOrEqual(1 / Math.sqrt(10));
      expect(top).toBeGreaterThan(0.99 / Math.sqrt(10));
    }
    expect((await values(a.weight)).slice(0, 3)).not.toEqual((await values(a.bias!)).slice(0, 3));
    expect(await values(new Linear(10, 3).weight)).not.toEqual(
      await values(new Linear(10, 3).weight),
    );
  });

  it("has no bias when it is not wanted", async () => {
    const layer = new Linear(2, 1, { bias: false });
    layer.weight.assign(tensor([1, 2], { shape: [1, 2] }));
    expect([...layer.stateDict().keys()]).toEqual(["weight"]);
    expect(await values(layer.forward(tensor([3, 4])))).toEqual([11]);
  });

  it("refuses what does not fit", () => {
    expect(() => new Linear(2, 3).forward(tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => new Linear(2, 3).forward(tensor([1, 2, 3]))).toThrow(
      "Linear: the last axis does not have 2 features; got x [3], weight [3, 2].",
    );
    expect(() => new Linear(2.5, 3)).toThrow(ValueError);
  });
});

describe("Dropout", () => {
  const x = () => tensor(new Float32Array(10_000).fill(1));

  it("keeps about 1 - p of the elements, scaled, and others at each call", async () => {
    const layer = new Dropout(0.2);
    const first = await values(layer.forward(x()));
    expect(new Set(first)).toEqual(new Set([0, 1.25]));
    // The standard deviation of the kept share is 0.004.
    expect(Math.abs(first.filter((v) => v > 0).length / 10_000 - 0.8)).toBeLessThan(0.02);
    expect(await values(layer.forward(x()))).not.toEqual(first);
  });

  it("repeats itself by its seed", async () => {
    const run = async () => values(new Dropout(0.5, { seed: 4 }).forward(x()));
    expect(await run()).toEqual(await run());
  });

  it("changes nothing in evaluation or with p = 0", () => {
    const input = x();
    expect(new Dropout(0.5).eval().forward(input)).toBe(input);
    expect(new Dropout(0).forward(input)).toBe(input);
    expect(() => new Dropout(1.5)).toThrow("Dropout: p is not a probability; got 1.5.");
  });
});

it("activations and Flatten", async () => {
  const x = tensor([-1, 0, 2], { shape: [1, 3] });
  expect(await values(new ReLU().forward(x))).toEqual([0, 0, 2]);
  expect((await values(new Tanh().forward(x)))[2]).toBeCloseTo(Math.tanh(2), 15);
  expect((await values(new Sigmoid().forward(x)))[0]).toBeCloseTo(1 / (1 + Math.E), 15);
  expect(new Flatten().forward(tensor(new Float32Array(24), { shape: [2, 3, 4] })).shape).toEqual([
    2, 12,
  ]);
});

it("a Sequential runs its layers in order", async () => {
  const model = new Sequential(
    new Linear(2, 4, { seed: 1 }),
    new ReLU(),
    new Linear(4, 1, { seed: 2 }),
  );
  const x = tensor([0.5, -1], { shape: [1, 2] });
  const hidden = model.layers[1]!.forward(model.layers[0]!.forward(x));
  expect(await values(model.forward(x))).toEqual(await values(model.layers[2]!.forward(hidden)));
  expect(model.namedParameters().map(([name]) => name)).toEqual([
    "0.weight",
    "0.bias",
    "2.weight",
    "2.bias",
  ]);
});
