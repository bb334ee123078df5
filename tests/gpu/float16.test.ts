import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { DeviceError } from "../../src/core/errors.ts";
import { sizeOf } from "../../src/core/shape.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { clipGradNorm } from "../../src/optim/gradients/clip.ts";
import { Adam } from "../../src/optim/rules/adam.ts";
import { compile } from "../../src/tensor/compile.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

/**
 * Dawn's null backend has `shader-f16`: it checks every shader, binding and copy, and computes
 * nothing. Values are tested on the cpu device.
 */
async function nullDevice(software: boolean): Promise<GpuDevice> {
  const before = process.env.TAPEGRAD_DAWN;
  process.env.TAPEGRAD_DAWN = "backend=null";
  try {
    return await openAdapter(await findAdapter(), { limits: { software } });
  } finally {
    if (before === undefined) delete process.env.TAPEGRAD_DAWN;
    else process.env.TAPEGRAD_DAWN = before;
  }
}

/** The WGSL of everything that the device is given from now on. */
function watchShaders({ gpu }: GpuDevice): string[] {
  const texts: string[] = [];
  const create = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = (descriptor) => {
    texts.push(descriptor.code);
    return create(descriptor);
  };
  return texts;
}

/** Inputs made while a gradient is asked for. */
let tracked: Tensor[] | null = null;

function half(...shape: number[]): Tensor {
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i));
  const x = ops.tensor(values, { shape, dtype: "float16", requiresGrad: tracked !== null });
  tracked?.push(x);
  return x;
}
const single = (...shape: number[]): Tensor => ops.cast(half(...shape), "float32");

const computations: [string, () => Tensor][] = [
  ["cast up", () => ops.cast(half(5), "float32")],
  ["cast down, wide", () => ops.cast(single(8), "float16")],
  ["cast down and up", () => ops.mul(ops.cast(ops.cast(single(3), "float16"), "float32"), 2)],
  ["cast to bool", () => ops.cast(half(3), "bool")],
  ["cast from int", () => ops.cast(ops.arange(5), "float16")],
  ["add of odd counts", () => ops.add(half(3, 5), half(5))],
  ["add, wide", () => ops.add(half(4, 8), half(8))],
  ["add of both floats", () => ops.add(half(4, 8), single(4, 8))],
  ["a number", () => ops.add(half(7), 1e6)],
  ["a filling too large", () => ops.full([4], 1e6, { dtype: "float16" })],
  ["constants", () => ops.ones([5], { dtype: "float16" })],
  ["infinity", () => ops.full([8], Number.POSITIVE_INFINITY, { dtype: "float16" })],
  ["comparison", () => ops.lt(half(6), 0.5)],
  ["where", () => ops.where(ops.lt(half(6), 0.5), half(6), 0)],
  ["transposed", () => ops.permute(half(3, 5), [1, 0])],
  ["a view of odd start", () => ops.narrow(half(3, 3), 0, 1, 1)],
  ["flip and pad", () => ops.zeroPad(ops.flip(half(3, 4), [1]), [1, 1], [0, 2])],
  ["joined", () => ops.cat([half(3), half(2)])],
  ["sum of rows", () => ops.sum(half(3, 7), 1)],
  ["sum of rows, wide", () => ops.sum(half(3, 8), 1)],
  ["sum of columns, wide", () => ops.sum(half(7, 8), 0)],
  ["sum in two stages", () => ops.sum(half(100_000))],
  ["mean and max", () => ops.add(ops.mean(half(9)), ops.max(half(9)))],
  ["matmul", () => ops.matmul(half(3, 5), half(5, 7))],
  ["matmul, wide", () => ops.matmul(half(16, 8), half(8, 16))],
  ["matmul, transposed", () => ops.matmul(half(8, 16), ops.permute(half(12, 16), [1, 0]))],
  ["matmul of both floats", () => ops.matmul(half(8, 8), single(8, 8))],
  ["matmul of a batch with bias", () => ops.add(ops.matmul(half(2, 3, 4), half(4, 8)), half(8))],
  ["matmul, large", () => ops.matmul(half(512, 32), half(32, 512))],
  ["softmax", () => ops.softmax(half(3, 5), 1)],
  ["softmax of long rows", () => ops.logSoftmax(half(2, 300), 1)],
  ["layerNorm and variance", () => ops.add(ops.layerNorm(half(3, 8), [8]), ops.variance(half(9)))],
  ["gather", () => ops.take(half(5, 3), ops.tensor([4, 0], { dtype: "int32" }))],
  [
    "cross entropy",
    () => ops.crossEntropy(half(4, 5), ops.tensor([0, 1, 2, 3], { dtype: "int32" })),
  ],
  ["conv2d", () => ops.conv2d(half(2, 3, 6, 6), half(4, 3, 3, 3))],
];

const flawless = async (device: GpuDevice) => {
  await device.settle();
  await device.check();
};

describe.each([
  ["software adapters", true],
  ["real GPUs", false],
])("float16 in the kernels for %s is valid WebGPU", (_kind, software) => {
  let device: GpuDevice;
  let texts: string[];
  beforeAll(async () => {
    device = await nullDevice(software);
    texts = watchShaders(device);
    recorder.device = device;
  });
  afterAll(() => device.destroy());

  it.each(computations)("%s", async (_name, compute) => {
    const out = compute();
    expect((await out.data()).length).toBe(out.size);
    await flawless(device);
  });

  it.each(computations)("%s: its gradient", async (_name, compute) => {
    tracked = [];
    const out = compute();
    const inputs = tracked;
    tracked = null;
    if (!out.requiresGrad) return;
    backward(ops.sum(ops.mul(out, out)));
    const gradients = inputs.flatMap(({ grad }) => (grad === null ? [] : [grad]));
    for (const grad of gradients) {
      expect(grad.dtype).toBe("float16");
      await grad.data();
    }
    expect(gradients).not.toEqual([]);
    await flawless(device);
  });

  it("parameters, gradients, clipping and an optimizer in float16", async () => {
    const w = new Variable(half(5, 7), { requiresGrad: true });
    const v = new Variable(half(3), { requiresGrad: true });
    const s = new Variable(single(2, 3), { requiresGrad: true });
    const opt = new Adam([w, v, s], { lr: 0.1 });
    const loss = () => [w, v, s].map((p) => ops.sum(ops.square(p))).reduce((a, b) => ops.add(a, b));
    const step = compile((x: Tensor) => {
      opt.zeroGrad();
      const total = ops.add(loss(), ops.sum(ops.mul(w, x)));
      backward(total);
      clipGradNorm([w, v, s], 1);
      opt.step();
      return total;
    });
    for (let i = 0; i < 3; i++) {
      opt.zeroGrad();
      backward(loss());
      clipGradNorm([w, v], 1);
      await opt.step();
    }
    for (let i = 0; i < 4; i++) await step(half(5, 7));
    expect([w.dtype, w.grad!.dtype, s.dtype]).toEqual(["float16", "float16", "float32"]);
    expect((await v.data()).length).toBe(3);
    expect((await v.grad!.data()).length).toBe(3);
    await flawless(device);
  });

  it("declares and uses the type, four elements at once where that is possible", () => {
    const bound = texts.filter((code) => /array<(vec4<)?f16>/.test(code));
    expect(bound.length).toBeGreaterThan(20);
    expect(bound.filter((code) => !/^(enable subgroups;\n)?enable f16;/.test(code))).toEqual([]);
    expect(bound.some((code) => code.includes("array<vec4<f16>>"))).toBe(true);
    // Sums that are not finished yet are kept as they are computed.
    expect(texts.some((code) => /read_write> b\d+: array<(vec4<)?f32>/.test(code))).toBe(true);
  });
});

describe("a device without float16", () => {
  it("says so where a float16 tensor is made, and how to do without", async () => {
    const device = await openAdapter(await findAdapter());
    recorder.device = device;
    if (device.hasFloat16) return;
    const calls = [
      () => ops.tensor([1], { dtype: "float16" }),
      () => ops.zeros([2], { dtype: "float16" }),
      () => ops.cast(ops.ones([2]), "float16"),
    ];
    for (const call of calls) {
      expect(call).toThrow(DeviceError);
      expect(call).toThrow(/float16 needs the WebGPU feature "shader-f16".*Use float32 here/);
    }
    device.destroy();
  });
});
