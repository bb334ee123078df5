import { compile, init, type Tensor, tensor } from "tapegrad";
import { describe, expect, it } from "vitest";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";

/** Tiles that compile soon run until the large ones are ready: the bits must not tell which. */

type Compute = (a: Tensor, b: Tensor) => Tensor;

const values = (n: number, factor: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * factor) * 3);
const operand = (shape: readonly number[], factor: number) =>
  tensor(
    values(
      shape.reduce((x, y) => x * y, 1),
      factor,
    ),
    { shape },
  );

const cases: [string, readonly number[], readonly number[], Compute][] = [
  ["large tiles", [64, 96], [96, 128], (a, b) => ops.matmul(a, b)],
  ["ragged", [47, 29], [29, 61], (a, b) => ops.matmul(a, b)],
  ["transposed", [52, 44], [60, 52], (a, b) => ops.matmul(a.t(), b.t())],
  ["tall", [130, 33], [33, 15], (a, b) => ops.matmul(a, b)],
  ["narrower than a tile", [300, 40], [40, 30], (a, b) => ops.matmul(a, b)],
  ["batched", [5, 32, 20], [5, 20, 64], (a, b) => ops.matmul(a, b)],
  [
    "with an epilogue",
    [64, 40],
    [40, 64],
    (a, b) => ops.relu(ops.matmul(a, b).add(b.slice([0], [1]))),
  ],
];

describe("a plan that runs again", () => {
  it.each(cases)("gives the same bytes: %s", async (_, shapeA, shapeB, f) => {
    const device = (await init({
      device: "webgpu",
      adapter: "software",
      tune: "off",
    })) as GpuDevice;
    const made: string[] = [];
    const { createComputePipeline } = device.gpu;
    device.gpu.createComputePipeline = function (this: GPUDevice, descriptor) {
      made.push(descriptor.label ?? "");
      return createComputePipeline.call(device.gpu, descriptor);
    };
    const [a, b] = [operand(shapeA, 0.7), operand(shapeB, 1.3)];
    const step = compile(f);
    const first = await (await step(a, b)).data();
    const atFirst = made.length;
    for (let run = 0; run < 100 && made.length === atFirst; run++) await (await step(a, b)).data();
    expect(made.length).toBe(atFirst + 1);
    expect(made.at(-1)).toMatch(/^matmul/);
    for (let run = 0; run < 2; run++) expect(await (await step(a, b)).data()).toEqual(first);
    device.destroy();
  });
});
