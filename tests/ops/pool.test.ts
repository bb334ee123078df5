import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import type { Target } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

/** Each kind of window that a kernel has a text for; sizes that windows divide or not. */
const pools: Record<string, (x: Tensor) => Tensor> = {
  "side by side": (x) => ops.maxPool2d(x, 2),
  "side by side, the last one cut off": (x) => ops.maxPool2d(x, [2, 3], { ceilMode: true }),
  "side by side, too large to be written out": (x) => ops.maxPool2d(x, [2, 5]),
  overlapping: (x) => ops.maxPool2d(x, 3, { stride: 1 }),
  "overlapping, padded": (x) => ops.maxPool2d(x, 3, { stride: 2, padding: 1 }),
  "with holes": (x) => ops.maxPool2d(x, 2, { stride: 2, dilation: 2 }),
  "of turned rows": (x) => ops.maxPool2d(ops.transpose(x, -1, -2), 2),
  "means side by side": (x) => ops.avgPool2d(x, [2, 3]),
  "means, the last one cut off": (x) => ops.avgPool2d(x, 2, { ceilMode: true }),
  "overlapping means": (x) => ops.avgPool2d(x, 3, { stride: 2, padding: 1 }),
};

const SHAPE = [2, 3, 5, 11];
/** All different, in no order; a negative one in most windows. */
const values = Float32Array.from({ length: 330 }, (_, i) => ((i * 137) % 331) / 50 - 3);

/** A pool's result and its gradient, after an element-wise op that is fused into it. */
async function results(pool: (x: Tensor) => Tensor, device: Device) {
  const x = ops.tensor(values, { shape: SHAPE, device, requiresGrad: true });
  const y = pool(ops.relu(x));
  const weight = Float32Array.from({ length: y.size }, (_, i) => Math.sin(i));
  backward(ops.sum(ops.mul(y, ops.tensor(weight, { shape: y.shape, device }))));
  return Promise.all([y.data(), x.grad!.data()]);
}

const kinds: Record<string, Partial<Target>> = {
  "the adapter's own kernels": {},
  "the other variants": { choose: (_shapes, all) => all.at(-1)! },
  "a small grid on GPUs": { software: false, maxWorkgroupsPerDimension: 2 },
};

describe.each(Object.entries(kinds))("pooling with %s", (_, limits) => {
  const cpu = new CpuDevice({ precision: "float64" });
  let device: GpuDevice;
  beforeAll(async () => {
    device = await openAdapter(await findAdapter(), { limits });
    return () => device.destroy();
  });

  it.each(Object.entries(pools))(
    "windows %s: value and gradient as in float64",
    async (_, pool) => {
      const [y, dx] = await results(pool, device);
      const [exact, gradient] = await results(pool, cpu);
      expect(y.length).toBe(exact.length);
      for (const [i, v] of y.entries()) expect(v).toBeCloseTo(exact[i]!, 5);
      for (const [i, v] of dx.entries()) expect(v).toBeCloseTo(gradient[i]!, 5);
    },
  );

  it("the last NaN of a window wins", async () => {
    const x = ops.tensor([1, Number.NaN, 3, Number.NaN, 2, 5, Number.NaN, 7], {
      shape: [1, 8],
      device,
    });
    const { values, indices } = ops.maxPool1d(x, 4, { returnIndices: true });
    expect([...(await values.data())]).toEqual([Number.NaN, Number.NaN]);
    expect([...(await indices.data())]).toEqual([3, 6]);
  });
});
