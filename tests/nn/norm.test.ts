import { afterEach, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { checkpoint } from "../../src/autodiff/checkpoint.ts";
import { vmap } from "../../src/autodiff/vmap.ts";
import { GradError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  LayerNorm,
  LocalResponseNorm,
  type Module,
  RMSNorm,
} from "../../src/nn/index.ts";
import { mul, square, sum, tensor } from "../../src/ops/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { noGrad, recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

// At once: the tables below hold layers.
recorder.device = new CpuDevice({ precision: "float64" });

const wave = (...shape: number[]): Tensor => {
  const size = shape.reduce((a, n) => a * n, 1);
  return tensor(
    Float64Array.from({ length: size }, (_, i) => Math.sin(1.3 * i + 1)),
    { shape },
  );
};

type Readable = { data(): Promise<ArrayLike<number>> };
const values = async (x: Readable): Promise<number[]> => Array.from(await x.data());

function near(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 6);
}

/** Mean and variance, without bias if so wanted, of some numbers. */
function spread(list: readonly number[], unbiased: boolean) {
  const mean = list.reduce((a, x) => a + x, 0) / list.length;
  const squares = list.reduce((a, x) => a + (x - mean) ** 2, 0);
  return { mean, variance: squares / (unbiased ? list.length - 1 : list.length) };
}

/** The elements of channel c of [n, channels, places]. */
const ofChannel = (x: readonly number[], channels: number, places: number, c: number): number[] =>
  x.filter((_, i) => Math.floor(i / places) % channels === c);

const stateOf = (module: Module) =>
  [...module.stateDict()].map(([name, t]) => `${name} ${t.dtype} [${t.shape}]`);

const tracked = (channels: number) => [
  `running_mean float32 [${channels}]`,
  `running_var float32 [${channels}]`,
  "num_batches_tracked int32 []",
];

describe("batch normalization", () => {
  it.each([
    [new BatchNorm1d(3), wave(4, 3), 1],
    [new BatchNorm1d(3), wave(2, 3, 5), 5],
    [new BatchNorm2d(3), wave(2, 3, 2, 2), 4],
    [new BatchNorm3d(3), wave(2, 3, 1, 2, 3), 6],
  ] as const)("%s: statistics of the batch, and running ones", async (layer, x, places) => {
    const y = await values(layer.forward(x));
    const given = await values(x);
    for (const c of [0, 1, 2]) {
      const own = ofChannel(given, 3, places, c);
      const { mean, variance } = spread(own, false);
      const wanted = own.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
      near(ofChannel(y, 3, places, c), wanted);
      expect((await values(layer.runningMean!))[c]).toBeCloseTo(0.1 * mean, 6);
      const unbiased = spread(own, true).variance;
      expect((await values(layer.runningVar!))[c]).toBeCloseTo(0.9 + 0.1 * unbiased, 6);
    }
    expect(await values(layer.numBatchesTracked!)).toEqual([1]);
  });

  it("normalizes by running statistics in evaluation, and leaves them", async () => {
    const layer = new BatchNorm1d(2, { eps: 0 }).eval();
    layer.runningMean!.assign(tensor([1, -1]));
    layer.runningVar!.assign(tensor([4, 0.25]));
    layer.weight!.assign(tensor([1, 3]));
    layer.bias!.assign(tensor([0, 5]));
    near(await values(layer.forward(tensor([[3, 0]]))), [1, 11]);
    expect(await values(layer.runningMean!)).toEqual([1, -1]);
    expect(await values(layer.numBatchesTracked!)).toEqual([0]);
  });

  it("averages all batches where momentum is null", async () => {
    const layer = new BatchNorm1d(2, { momentum: null });
    const batches = [1, 2, 3].map((k) => wave(4 + k, 2));
    for (const x of batches) layer.forward(x);
    const stats = await Promise.all(
      batches.map(async (x) => spread(ofChannel(await values(x), 2, 1, 1), true)),
    );
    const average = (f: (s: (typeof stats)[0]) => number) =>
      stats.reduce((a, s) => a + f(s), 0) / stats.length;
    expect((await values(layer.runningMean!))[1]).toBeCloseTo(
      average((s) => s.mean),
      6,
    );
    expect((await values(layer.runningVar!))[1]).toBeCloseTo(
      average((s) => s.variance),
      6,
    );
    layer.resetRunningStats();
    expect(await values(layer.numBatchesTracked!)).toEqual([0]);
    expect(await values(layer.runningVar!)).toEqual([1, 1]);
  });

  it("always takes the batch's own where it tracks none", async () => {
    const layer = new BatchNorm1d(2, { trackRunningStats: false, affine: false });
    const x = wave(5, 2);
    const trained = await values(layer.forward(x));
    near(await values(layer.eval().forward(x)), trained);
    expect(stateOf(layer)).toEqual([]);
  });

  it("takes part in noGrad, checkpoint and gradients; each call counts once", async () => {
    const layer = new BatchNorm1d(2);
    noGrad(() => layer.forward(wave(3, 2)));
    const loss = checkpoint((x: Tensor) => sum(square(layer.forward(x))))(wave(4, 2));
    backward(loss);
    expect((await values(layer.bias!.grad!)).length).toBe(2);
    expect(await values(layer.numBatchesTracked!)).toEqual([2]);
  });

  it("inside vmap only where nothing changes", async () => {
    const layer = new BatchNorm1d(3);
    const each = vmap((x: Tensor) => layer.forward(x));
    expect(() => each(wave(2, 4, 3))).toThrow(GradError);
    expect(() => each(wave(2, 4, 3))).toThrow(/BatchNorm1d: running statistics.*vmap/);
    expect(await values(layer.numBatchesTracked!)).toEqual([0]);
    layer.eval();
    near(await values(each(wave(2, 4, 3)) as Tensor), await values(layer.forward(wave(8, 3))));
  });
});

describe("compiled steps", () => {
  const cpu = recorder.device;
  afterEach(() => {
    recorder.device = cpu;
  });

  const updates =
    "update running statistics at every replay; training and evaluation are two graphs";
  it.each(["float64", "webgpu"])(`${updates} (%s)`, async (kind) => {
    if (kind === "webgpu") recorder.device = await openAdapter(await findAdapter());
    const [layer, plain] = [
      new BatchNorm1d(2, { momentum: null }),
      new BatchNorm1d(2, { momentum: null }),
    ];
    const step = compile((x: Tensor) => layer.forward(x));
    for (let k = 0; k < 6; k++) {
      const x = mul(wave(3, 2), k + 1);
      near(await values(await step(x)), await values(plain.forward(x)));
    }
    expect(await values(layer.numBatchesTracked!)).toEqual([6]);
    near(await values(layer.runningMean!), await values(plain.runningMean!));
    near(await values(layer.runningVar!), await values(plain.runningVar!));
    layer.eval();
    plain.eval();
    const x = wave(3, 2);
    for (let k = 0; k < 4; k++) near(await values(await step(x)), await values(plain.forward(x)));
    expect(await values(layer.numBatchesTracked!)).toEqual([6]);
    layer.train();
    await step(wave(3, 2));
    expect(await values(layer.numBatchesTracked!)).toEqual([7]);
  });
});

describe("instance normalization", () => {
  it.each([
    [new InstanceNorm1d(2), wave(3, 2, 5), -1],
    [new InstanceNorm1d(2), wave(2, 5), -1],
    [new InstanceNorm2d(2), wave(1, 2, 2, 3), -2],
    [new InstanceNorm3d(2), wave(2, 1, 2, 3), -3],
  ] as const)("%s: each channel of each example", async (layer, x, spatial) => {
    const y = layer.forward(x);
    expect(y.shape).toEqual(x.shape);
    const size = x.shape.slice(spatial).reduce((a, n) => a * n, 1);
    const [got, given] = [await values(y), await values(x)];
    for (let at = 0; at < given.length; at += size) {
      const own = given.slice(at, at + size);
      const { mean, variance } = spread(own, false);
      const wanted = own.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
      near(got.slice(at, at + size), wanted);
    }
  });

  it("keeps running statistics where it shall: means over the batch, not counted", async () => {
    const layer = new InstanceNorm1d(2, { trackRunningStats: true, affine: true });
    const x = wave(3, 2, 4);
    layer.forward(x);
    const given = await values(x);
    const first = [0, 8, 16].map((at) => spread(given.slice(at, at + 4), true));
    const mean = first.reduce((a, s) => a + s.mean, 0) / 3;
    const variance = first.reduce((a, s) => a + s.variance, 0) / 3;
    expect((await values(layer.runningMean!))[0]).toBeCloseTo(0.1 * mean, 6);
    expect((await values(layer.runningVar!))[0]).toBeCloseTo(0.9 + 0.1 * variance, 6);
    expect(await values(layer.numBatchesTracked!)).toEqual([0]);
    expect(stateOf(layer)).toEqual(["weight float32 [2]", "bias float32 [2]", ...tracked(2)]);
    layer.eval();
    const rstd = 1 / Math.sqrt(0.9 + 0.1 * variance + 1e-5);
    const got = (await values(layer.forward(x)))[0];
    expect(got).toBeCloseTo((given[0]! - 0.1 * mean) * rstd, 6);
  });
});

describe("normalization of rows", () => {
  it("LayerNorm, GroupNorm and RMSNorm by their formulas, weight and bias after", async () => {
    const x = wave(2, 4, 3);
    const given = await values(x);
    const [layer, group, rms] = [
      new LayerNorm([4, 3]),
      new GroupNorm(2, 4),
      new RMSNorm(3, { eps: 0.1 }),
    ];
    const rows = (size: number, f: (row: number[]) => number[]) =>
      Array.from({ length: given.length / size }, (_, r) =>
        f(given.slice(r * size, r * size + size)),
      ).flat();
    const unit = (row: number[]) => {
      const { mean, variance } = spread(row, false);
      return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
    };
    near(await values(layer.forward(x)), rows(12, unit));
    near(await values(group.forward(x)), rows(6, unit));
    const roots = (row: number[]) => {
      const square = row.reduce((a, v) => a + v * v, 0) / 3;
      return row.map((v) => v / Math.sqrt(square + 0.1));
    };
    near(await values(rms.forward(x)), rows(3, roots));
    group.weight!.assign(tensor([1, 2, 3, 4]));
    group.bias!.assign(tensor([0, 0, 0, 7]));
    const before = rows(6, unit);
    const wanted = before.map((v, i) => {
      const c = Math.floor(i / 3) % 4;
      return v * (c + 1) + (c === 3 ? 7 : 0);
    });
    near(await values(group.forward(x)), wanted);
  });

  it("LocalResponseNorm divides by what neighbouring channels hold", async () => {
    const layer = new LocalResponseNorm(3, { alpha: 3, beta: 1, k: 2 });
    const y = await values(layer.forward(tensor([1, 2, 3], { shape: [1, 3, 1] })));
    near(y, [1 / (2 + 1 + 4), 2 / (2 + 1 + 4 + 9), 3 / (2 + 4 + 9)]);
  });
});

describe("state", () => {
  it.each([
    [new BatchNorm2d(3), ["weight float32 [3]", "bias float32 [3]", ...tracked(3)]],
    [new BatchNorm1d(3, { affine: false }), tracked(3)],
    [new InstanceNorm2d(3), []],
    [new LayerNorm([2, 3]), ["weight float32 [2,3]", "bias float32 [2,3]"]],
    [new LayerNorm(2, { bias: false }), ["weight float32 [2]"]],
    [new LayerNorm(2, { elementwiseAffine: false }), []],
    [new GroupNorm(2, 4), ["weight float32 [4]", "bias float32 [4]"]],
    [new RMSNorm(4), ["weight float32 [4]"]],
    [new LocalResponseNorm(2), []],
  ] as const)("%s has PyTorch's names and shapes", (layer, wanted) => {
    expect(stateOf(layer)).toEqual(wanted);
  });

  it("moves to another layer strictly, and weights start at 1, biases at 0", async () => {
    const [a, b] = [new BatchNorm1d(2), new BatchNorm1d(2)];
    expect([await values(a.weight!), await values(a.bias!)]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    a.forward(wave(3, 2));
    expect(b.loadStateDict(a.stateDict())).toEqual({ missing: [], unexpected: [] });
    expect(await values(b.runningMean!)).toEqual(await values(a.runningMean!));
    expect(await values(b.numBatchesTracked!)).toEqual([1]);
  });

  it.each([
    [new BatchNorm2d(3), "BatchNorm2d(3)"],
    [
      new BatchNorm1d(3, { momentum: null, affine: false }),
      "BatchNorm1d(3, { momentum: null, affine: false })",
    ],
    [new InstanceNorm3d(3, { affine: true }), "InstanceNorm3d(3, { affine: true })"],
    [new LayerNorm(3), "LayerNorm(3)"],
    [
      new LayerNorm([3, 3], { eps: 0.5, bias: false }),
      "LayerNorm([3, 3], { eps: 0.5, bias: false })",
    ],
    [new GroupNorm(2, 4, { affine: false }), "GroupNorm(2, 4, { affine: false })"],
    [new RMSNorm(3, { eps: 0.5 }), "RMSNorm(3, { eps: 0.5 })"],
    [new LocalResponseNorm(5, { k: 2 }), "LocalResponseNorm(5, { k: 2 })"],
  ])("%s", (layer, text) => {
    expect(String(layer)).toBe(text);
  });
});

describe("bad input", () => {
  it.each([
    [
      () => new BatchNorm1d(3).forward(wave(2, 4)),
      ShapeError,
      /does not have 3 channels; got \[2, 4\]/,
    ],
    [() => new BatchNorm1d(3).forward(wave(2, 3, 1, 1)), ShapeError, /\[batch, channels, length\]/],
    [
      () => new BatchNorm2d(3).forward(wave(2, 3)),
      ShapeError,
      /is not \[batch, channels, height, width\]/,
    ],
    [() => new BatchNorm3d(3).forward(wave(2, 3, 2, 2)), ShapeError, /depth, height, width/],
    [() => new BatchNorm1d(3).forward(wave(1, 3)), ValueError, /Use a larger batch/],
    [() => new InstanceNorm1d(3).forward(wave(1, 3, 1)), ValueError, /one element/],
    [() => new InstanceNorm2d(3).forward(wave(2, 2, 2)), ShapeError, /does not have 3 channels/],
    [
      () => new InstanceNorm2d(3).forward(wave(2, 2)),
      ShapeError,
      /is not \[channels, height, width\] or/,
    ],
    [() => new LayerNorm([4, 3]).forward(wave(3)), ShapeError, /normalized shape \[4, 3\]/],
    [() => new RMSNorm(4).forward(wave(2, 3)), ShapeError, /the last axes/],
    [() => new GroupNorm(2, 4).forward(wave(2, 6)), ShapeError, /4 channels/],
    [() => new GroupNorm(3, 4), ValueError, /3 groups do not divide 4 channels/],
    [() => new GroupNorm(0, 4), ValueError, /numGroups/],
    [() => new BatchNorm1d(-1), ValueError, /numFeatures/],
    [() => new BatchNorm1d(2.5), ValueError, /numFeatures/],
    [() => new BatchNorm1d(2, { eps: Number.NaN }), ValueError, /eps is not a number/],
    [() => new BatchNorm1d(2, { momentum: "a" as never }), ValueError, /momentum is not a number/],
    [() => new LayerNorm([]), ShapeError, /no axes/],
    [() => new LayerNorm(0.5), ValueError, /normalizedShape/],
    [() => new LocalResponseNorm(0), ValueError, /size/],
  ] as const)("%s", (make, kind, text) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(text);
  });

  it("changes no running statistics", async () => {
    const layer = new BatchNorm1d(3);
    expect(() => layer.forward(wave(1, 3))).toThrow(ValueError);
    expect(await values(layer.numBatchesTracked!)).toEqual([0]);
  });
});
