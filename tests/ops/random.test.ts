import { beforeAll, describe, expect, it } from "vitest";
import { ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import {
  dropout,
  Generator,
  manualSeed,
  ones,
  rand,
  randint,
  randn,
  randperm,
} from "../../src/ops/index.ts";
import { threefry } from "../../src/ops/random/threefry.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

const cpu = new CpuDevice({ precision: "float64" });
let gpu: GpuDevice;

beforeAll(async () => {
  gpu = await openAdapter(await findAdapter());
  recorder.device = cpu;
});

const both = [["cpu", () => cpu] as const, ["webgpu", () => gpu] as const];

describe("threefry", () => {
  // The known answers that Random123 publishes for threefry2x32 with 20 rounds.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])("counter %j, key %j gives %j", ([c0, c1], [k0, k1], words) => {
    expect(threefry(c0, c1, k0, k1)).toEqual(words);
  });
});

describe("draws", () => {
  it("have equal bits on both devices", async () => {
    const draws = both.map(([, device]) =>
      rand([5, 40], { device: device(), generator: new Generator(7) }).data(),
    );
    const [there, here] = await Promise.all(draws);
    expect([...there]).toEqual([...here]);
  });

  it("differ from each other, and repeat with the seed", async () => {
    manualSeed(3);
    const first = [...(await rand([8]).data())];
    const second = [...(await rand([8]).data())];
    manualSeed(3);
    expect([...(await rand([8]).data())]).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it("are the same when a gradient is wanted", async () => {
    const draw = (requiresGrad: boolean) =>
      randn([6], { generator: new Generator(5), requiresGrad });
    const [leaf, plain] = [draw(true), draw(false)];
    expect(leaf.requiresGrad).toBe(true);
    const values = await leaf.data();
    (await plain.data()).forEach((x, i) => {
      expect(values[i]).toBeCloseTo(x, 5);
    });
  });

  it.each(both)("are uniform and normal by their moments on %s", async (_, device) => {
    const options = { device: device(), generator: new Generator(11) };
    const moments = (x: ArrayLike<number>) => {
      const list = Array.from(x);
      const mean = list.reduce((a, b) => a + b, 0) / list.length;
      return { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length };
    };
    const uniform = moments(await rand([20000], options).data());
    const normal = moments(await randn([20000], options).data());
    expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(0.003);
    expect(Math.abs(normal.mean)).toBeLessThan(0.03);
    expect(Math.abs(normal.variance - 1)).toBeLessThan(0.04);
  });

  it.each(both)("of randperm name each place once on %s", async (_, device) => {
    for (const n of [0, 1, 2, 5, 64, 1000]) {
      const order = await randperm(n, { device: device(), generator: new Generator(n) }).data();
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });

  it("of randperm spread all orders of three about evenly", async () => {
    const counts = new Map<string, number>();
    const generator = new Generator(1);
    for (let i = 0; i < 1200; i++) {
      const order = String(await randperm(3, { generator }).data());
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it("of randint stay inside", async () => {
    const values = await randint(-2, 3, [500]).data();
    expect(new Set(values)).toEqual(new Set([-2, -1, 0, 1, 2]));
  });
});

describe("dropout", () => {
  it("keeps the expectation and is the identity outside training", async () => {
    const x = ones([4000]);
    expect(dropout(x, 0.3, false)).toBe(x);
    const values = [...(await dropout(x, 0.25).data())];
    const kept = values.filter((v) => v !== 0);
    expect(Math.abs(kept.length / 4000 - 0.75)).toBeLessThan(0.03);
    expect(kept.every((v) => Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
  });

  it("refuses what is no probability", () => {
    expect(() => dropout(ones([2]), 1.5)).toThrow(ValueError);
    expect(() => new Generator(-1)).toThrow("whole number from 0 to 2^32 - 1; got -1");
  });
});
