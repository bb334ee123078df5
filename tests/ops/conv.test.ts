import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import { backward } from "../../src/autodiff/backward.ts";
import type { Target } from "../../src/core/ir.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

interface Config {
  readonly batch: number;
  /** Channels of all groups. */
  readonly ins: number;
  readonly outs: number;
  readonly groups: number;
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  /** The input's gradient as forward, and how much longer its result is. */
  readonly outputPadding?: readonly number[];
}

const plain = { groups: 1, stride: [1, 1], padding: [1, 1], dilation: [1, 1] };

/** What each kind of kernel has a branch for. */
const configs: Record<string, Config> = {
  "3x3, same sizes": { ...plain, batch: 2, ins: 9, outs: 17, input: [6, 7], kernel: [3, 3] },
  "rows of fours": { ...plain, batch: 2, ins: 8, outs: 9, input: [3, 8], kernel: [3, 3] },
  "rows that no piece divides": {
    ...{ ...plain, batch: 2, ins: 2, outs: 2, input: [2, 11], kernel: [3, 3] },
  },
  "5x5, one channel": {
    ...plain,
    ...{ batch: 3, ins: 1, outs: 8, input: [9, 8], kernel: [5, 5], padding: [2, 2] },
  },
  "stride and dilation": {
    ...{ batch: 2, ins: 12, outs: 10, groups: 2, input: [9, 11], kernel: [3, 2] },
    ...{ stride: [2, 3], padding: [2, 1], dilation: [1, 2] },
  },
  "stride that divides the dilation's steps": {
    ...{ batch: 1, ins: 16, outs: 16, groups: 2, input: [13, 10], kernel: [4, 3] },
    ...{ stride: [4, 2], padding: [3, 2], dilation: [2, 2] },
  },
  "depthwise, twice the channels": {
    ...{ batch: 2, ins: 5, outs: 10, groups: 5, input: [6, 8], kernel: [3, 3] },
    ...{ stride: [1, 1], padding: [1, 0], dilation: [1, 1] },
  },
  "1x1": { ...plain, batch: 2, ins: 40, outs: 12, input: [3, 4], kernel: [1, 1], padding: [0, 0] },
  "one axis, a long kernel": {
    ...{ batch: 2, ins: 3, outs: 4, groups: 1, input: [21], kernel: [9] },
    ...{ stride: [1], padding: [4], dilation: [1] },
  },
  "three axes": {
    ...{ batch: 2, ins: 2, outs: 4, groups: 1, input: [3, 4, 5], kernel: [2, 3, 2] },
    ...{ stride: [1, 2, 1], padding: [1, 1, 0], dilation: [2, 1, 1] },
  },
  transposed: {
    ...{ batch: 2, ins: 8, outs: 16, groups: 2, input: [3, 5], kernel: [4, 3] },
    ...{ stride: [2, 3], padding: [1, 2], dilation: [1, 2], outputPadding: [1, 2] },
  },
};

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Every tuple of places below the sizes. */
function* places(sizes: readonly number[]): Generator<number[]> {
  if (sizes.length === 0) yield [];
  else
    for (let i = 0; i < sizes[0]!; i++)
      for (const rest of places(sizes.slice(1))) yield [i, ...rest];
}

const linear = (shape: readonly number[], at: readonly number[]) =>
  at.reduce((sum, i, d) => sum * shape[d]! + i, 0);

/** Calls `visit` for every product of a convolution of x [n, c, i] and w [o, c, k] to [n, o, p]. */
function eachProduct(
  c: Config,
  shapes: { x: readonly number[]; w: readonly number[]; y: readonly number[] },
  visit: (x: number, w: number, y: number) => void,
) {
  const perGroup = shapes.y[1]! / c.groups;
  for (const [n, o, ...p] of places(shapes.y)) {
    for (const [ch, ...k] of places(shapes.w.slice(1))) {
      const i = p.map((u, d) => u * c.stride[d]! - c.padding[d]! + k[d]! * c.dilation[d]!);
      if (i.some((at, d) => at < 0 || at >= shapes.x[d + 2]!)) continue;
      const channel = Math.floor(o! / perGroup) * shapes.w[1]! + ch!;
      visit(
        linear(shapes.x, [n!, channel, ...i]),
        linear(shapes.w, [o!, ch!, ...k]),
        linear(shapes.y, [n!, o!, ...p]),
      );
    }
  }
}

const wave = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(1.3 * i + phase));

/** Forward, both gradients and the bias's, on a device and by definition. */
async function errors(c: Config, device: GpuDevice): Promise<number[]> {
  const back = c.outputPadding !== undefined;
  const first = [c.batch, c.ins, ...c.input];
  const weight = [back ? c.ins : c.outs, (back ? c.outs : c.ins) / c.groups, ...c.kernel];
  const leaf = (shape: readonly number[], phase: number) =>
    ops.tensor(wave(sizeOf(shape), phase), { shape, device, requiresGrad: true });
  const [x, w, b] = [leaf(first, 0), leaf(weight, 1), leaf([c.outs], 2)];
  const axes = c.input.length;
  const names = back
    ? [ops.convTranspose1d, ops.convTranspose2d, ops.convTranspose3d]
    : [ops.conv1d, ops.conv2d, ops.conv3d];
  const out = names[axes - 1]!(x, w, b, c);
  const ct = wave(out.size, 3);
  backward(ops.sum(ops.mul(out, ops.tensor(ct, { shape: out.shape, device }))));
  const wanted = [out, x, w, b].map((t) => new Float64Array(t.size));
  const [y, gx, gw, gb] = wanted as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [xs, ws, bs] = [wave(x.size, 0), wave(w.size, 1), wave(b.size, 2)];
  const inner = sizeOf(out.shape.slice(2));
  for (let i = 0; i < y.length; i++) {
    const channel = Math.floor(i / inner) % c.outs;
    y[i]! += bs[channel]!;
    gb[channel]! += ct[i]!;
  }
  // Transposed, the two sides of every product change places.
  const shapes = back
    ? { x: out.shape, w: weight, y: first }
    : { x: first, w: weight, y: out.shape };
  eachProduct(c, shapes, (high, k, low) => {
    const [from, to] = back ? [low, high] : [high, low];
    y[to]! += xs[from]! * ws[k]!;
    gx[from]! += ct[to]! * ws[k]!;
    gw[k]! += xs[from]! * ct[to]!;
  });
  const got = await Promise.all([out, x.grad!, w.grad!, b.grad!].map((t: Tensor) => t.data()));
  return got.map((values, i) => {
    const scale = Math.max(...wanted[i]!.map(Math.abs));
    return Math.max(...values.map((v, j) => Math.abs(v - wanted[i]![j]!))) / scale;
  });
}

const ragged = ["3x3, same sizes", "rows of fours", "rows that no piece divides"];
/** The variant at a place of each kernel's list; its last one, where the list is shorter. */
const variant = (at: number): Pick<Target, "choose"> => ({
  choose: (_shapes, all) => all[at] ?? all.at(-1)!,
});

const kinds: Record<string, { limits: Partial<Target>; names: string[] }> = {
  "the adapter's own kernels": { limits: {}, names: Object.keys(configs) },
  "kernels for GPUs": { limits: { software: false }, names: Object.keys(configs) },
  "the second variant": {
    limits: variant(1),
    names: [...ragged, "one axis, a long kernel", "depthwise, twice the channels"],
  },
  "the third variant": { limits: variant(2), names: ragged },
  "the second variant for GPUs": {
    limits: { software: false, ...variant(1) },
    names: ["1x1", "depthwise, twice the channels"],
  },
  "the third variant for GPUs": { limits: { software: false, ...variant(2) }, names: ragged },
  // Grids larger than the device's limit are folded.
  "a small grid": { limits: { maxWorkgroupsPerDimension: 2 }, names: ["3x3, same sizes"] },
  "a small grid on GPUs": {
    limits: { maxWorkgroupsPerDimension: 2, software: false },
    names: ["stride and dilation", "3x3, same sizes"],
  },
};

describe.each(Object.entries(kinds))("convolutions with %s", (_, { limits, names }) => {
  let device: GpuDevice;
  beforeAll(async () => {
    device = await openAdapter(await findAdapter(), { limits });
    return () => device.destroy();
  });

  it.each(names)("%s: value and gradients as by definition", async (name) => {
    for (const error of await errors(configs[name]!, device)) expect(error).toBeLessThan(1e-5);
  });
});

describe("launches of a convolution", () => {
  it("bias and relu go with it; the bias's gradient goes with the weight's", async () => {
    const device = await openAdapter(await findAdapter());
    const counter = countGpu(device);
    const leaf = (...shape: number[]) =>
      ops.tensor(wave(sizeOf(shape), 0), { shape, device, requiresGrad: true });
    const [x, w, b] = [leaf(2, 3, 5, 4), leaf(4, 3, 3, 3), leaf(4)];
    const activated = () => ops.relu(ops.conv2d(x, w, b, { padding: 1 }));
    counter.take();
    await activated().data();
    expect(counter.take().launches).toBe(1);
    const out = activated();
    backward(ops.sum(ops.mul(out, out)));
    for (const { node } of [w.grad!, b.grad!]) exportWithNextPlan(node);
    counter.take();
    await w.grad!.data();
    // Forward, what comes back to it, the weight's gradient; and a copy of the sums to b's shape.
    expect(counter.take().launches).toBeLessThanOrEqual(4);
    device.destroy();
  });
});
