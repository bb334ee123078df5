import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { DataLoader, type Dataset, TensorDataset } from "../../src/data/index.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

/** Batches are the indices themselves. */
const numbers = (size: number): Dataset<number[]> => ({ size, batch: (indices) => [...indices] });

describe("TensorDataset", () => {
  it("gathers rows of every tensor, labels as integers", async () => {
    const x = tensor([0, 1, 10, 11, 20, 21], { shape: [3, 2] });
    const y = tensor([5, 6, 7], { dtype: "int32" });
    const [bx, by] = new TensorDataset(x, y).batch(Int32Array.of(2, 0));
    expect(bx.shape).toEqual([2, 2]);
    expect([...(await bx.data())]).toEqual([20, 21, 0, 1]);
    expect(by.dtype).toBe("int32");
    expect([...(await by.data())]).toEqual([7, 5]);
  });

  it("refuses unequal numbers of samples, scalars and nothing", () => {
    const [x, y] = [tensor([1, 2, 3]), tensor([1, 2])];
    expect(() => new TensorDataset(x, y)).toThrow(ShapeError);
    expect(() => new TensorDataset(x, y)).toThrow("along axis 0; got [3], [2].");
    expect(() => new TensorDataset(tensor(1))).toThrow("got [].");
    expect(() => new TensorDataset()).toThrow("TensorDataset: no tensors");
  });
});

describe("DataLoader", () => {
  it("goes through all samples in order, the last batch smaller", () => {
    const loader = new DataLoader(numbers(7), { batchSize: 3 });
    expect([...loader]).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(loader.length).toBe(3);
  });

  it("dropLast leaves out a partial batch only", () => {
    const loader = new DataLoader(numbers(7), { batchSize: 3, dropLast: true });
    expect([...loader]).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(loader.length).toBe(2);
    expect(new DataLoader(numbers(6), { batchSize: 3, dropLast: true }).length).toBe(2);
  });

  it("shuffles by seed and epoch, each sample once", () => {
    const make = (seed?: number) =>
      new DataLoader(numbers(50), { batchSize: 50, shuffle: true, seed });
    const loader = make(1);
    const epochs = [[...loader].flat(), [...loader].flat()];
    for (const order of epochs) {
      expect([...order].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    }
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect([...make(1)].flat()).toEqual(epochs[0]);
    expect([...make(2)].flat()).not.toEqual(epochs[0]);
    const later = make(1);
    later.epoch = 1;
    expect([...later].flat()).toEqual(epochs[1]);
  });

  it("draws every order about equally often", () => {
    const loader = new DataLoader(numbers(3), { batchSize: 3, shuffle: true });
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = [...loader].join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 expected; the standard deviation is 29.
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(145);
  });

  it("iterates asynchronously and lets timers run", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const seen: number[] = [];
    for await (const batch of new DataLoader(numbers(6), { batchSize: 1 })) {
      seen.push(...batch);
      const end = performance.now() + 30;
      while (performance.now() < end);
    }
    clearInterval(timer);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ticks).toBeGreaterThan(0);
  });

  it("refuses an empty dataset and batch sizes that are no positive integers", () => {
    expect(() => new DataLoader(numbers(0), { batchSize: 1 })).toThrow(
      new ValueError("DataLoader: the dataset is empty; got 0 samples. Give it some."),
    );
    for (const batchSize of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => new DataLoader(numbers(3), { batchSize })).toThrow(
        `DataLoader: batchSize is not a positive integer; got ${batchSize}.`,
      );
    }
    expect(() => new DataLoader(numbers(3), { batchSize: 1, seed: 0.5 })).toThrow("got 0.5.");
  });
});
