import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import type { GpuDevice } from "../../src/gpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

const devices: Record<string, Device> = {};

beforeAll(async () => {
  devices.cpu = new CpuDevice({ precision: "float32" });
  devices.webgpu = await openAdapter(await findAdapter());
});
afterAll(() => (devices.webgpu as GpuDevice).destroy());

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

type Make = (data: Parameters<typeof ops.tensor>[0], dtype?: "int32") => Tensor;
type Case = [string, (t: Make) => object | Promise<object>, unknown];

/** Tensors as nested arrays, at any depth. */
async function plain(x: unknown): Promise<unknown> {
  if (x instanceof Tensor) return x.toArray();
  const entries = Object.entries(x as object).map(async ([k, v]) => [k, await plain(v)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** d(Σ f)/dx. */
function slope(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const leaf = ops.tensor([0], { device: x.device, requiresGrad: true });
  backward(ops.sum(f(ops.add(x, ops.mul(ops.onesLike(x), leaf)))), {});
  return leaf.grad!;
}

const cases: Case[] = [
  [
    "unique",
    (t) => ops.unique(t([3, 1, 2, 1, nan, 3, nan, 0, -0])),
    {
      values: [0, 1, 2, 3, nan, nan],
      inverse: [3, 1, 2, 1, 4, 3, 5, 0, 0],
      counts: [2, 2, 1, 2, 1, 1],
    },
  ],
  [
    "unique slices",
    (t) =>
      ops.unique(
        t([
          [3, 1, 3],
          [1, 3, 1],
        ]),
        { axis: 1 },
      ),
    {
      values: [
        [1, 3],
        [3, 1],
      ],
      inverse: [1, 0, 1],
      counts: [1, 2],
    },
  ],
  ["unique of nothing", (t) => ops.unique(t([])), { values: [], inverse: [], counts: [] }],
  [
    "uniqueConsecutive",
    (t) =>
      ops.uniqueConsecutive(
        t([
          [1, 1, 2],
          [2, 2, 1],
        ]),
      ),
    {
      values: [1, 2, 1],
      inverse: [
        [0, 0, 1],
        [1, 1, 2],
      ],
      counts: [2, 3, 1],
    },
  ],
  ["bincount", (t) => ops.bincount(t([1, 2, 2, 5], "int32")), [0, 1, 2, 0, 0, 1]],
  ["bincount of nothing", (t) => ops.bincount(t([], "int32"), { minlength: 2 }), [0, 0]],
  ["histc by its range", (t) => ops.histc(t([1, 2, 1, 4]), { bins: 3 }), [2, 1, 1]],
  ["histc of one value", (t) => ops.histc(t([1, 1]), { bins: 3 }), [0, 2, 0]],
  [
    "histogram",
    (t) => ops.histogram(t([1, 2, 3, 0, 9, nan]), { bins: t([0, 1, 3]) }),
    { hist: [1, 3], edges: [0, 1, 3] },
  ],
  [
    "sort with NaN",
    (t) => ops.sort(t([2, nan, inf, -0, 0, -inf]), 0, { descending: true }),
    { values: [nan, inf, 2, -0, 0, -inf], indices: [1, 2, 0, 3, 4, 5] },
  ],
  ["sort of a scalar", (t) => ops.sort(t(2)), { values: 2, indices: 0 }],
  ["sort of nothing", (t) => ops.sort(t([[], []]), 0), { values: [[], []], indices: [[], []] }],
  ["topk of 0", (t) => ops.topk(t([1, 2]), 0), { values: [], indices: [] }],
  ["mode", (t) => ops.mode(t([[2, 1, 2, 1, 3]])), { values: [1], indices: [3] }],
  ["median of nothing", (t) => ops.median(t([])), nan],
  ["median with NaN", (t) => ops.medianWithIndices(t([1, nan, 0]), 0), { values: nan, indices: 1 }],
  [
    "quantile with NaN",
    (t) =>
      ops.quantile(
        t([
          [1, nan],
          [1, 2],
        ]),
        0.5,
        { axis: 1 },
      ),
    [nan, 1.5],
  ],
  ["quantile", (t) => ops.quantile(t([[0, 1, 2, 4]]), [0, 0.5], { axis: 1 }), [[0], [1.5]]],
  [
    "cummax",
    (t) => ops.cummax(t([1, 3, 3, nan, 2]), 0),
    { values: [1, 3, 3, nan, nan], indices: [0, 1, 2, 3, 3] },
  ],
  ["logcumsumexp", (t) => ops.logcumsumexp(t([-inf, -inf, 0, inf]), 0), [-inf, -inf, 0, inf]],
  [
    "vectorNorm",
    (t) =>
      ops.vectorNorm(
        t([
          [3e30, 0],
          [0, 0],
          [nan, 1],
          [inf, 1],
        ]),
        3,
        1,
      ),
    [Math.fround(3e30), 0, nan, inf],
  ],
  [
    "vectorNorm of order ∞",
    (t) =>
      ops.vectorNorm(
        t([
          [3, -4],
          [nan, 1],
        ]),
        inf,
        1,
      ),
    [4, nan],
  ],
  ["logSumExp of nothing", (t) => ops.logSumExp(t([[], []]), 1), [-inf, -inf]],
  ["variance of one", (t) => ops.variance(t([[1], [2]]), 1), [nan, nan]],
  [
    "nanmean",
    (t) =>
      ops.nanmean(
        t([
          [nan, 3],
          [nan, nan],
        ]),
        1,
      ),
    [3, nan],
  ],
  [
    "countNonzero",
    (t) =>
      ops.countNonzero(
        t([
          [nan, 3],
          [0, 0],
        ]),
        1,
      ),
    [2, 0],
  ],
  ["slope of std at equal elements", (t) => slope(t([2, 2]), (x) => ops.std(x)), [0]],
  [
    "slope of norms at 0",
    (t) => slope(t([0, 0]), (x) => ops.add(ops.norm(x), ops.norm(x, 0.5))),
    [0],
  ],
  [
    "one place takes the gradient of maxWithIndices",
    (t) => {
      const x = ops.tensor([1, 5, 5], { device: t(0).device, requiresGrad: true });
      backward(ops.maxWithIndices(x, 0).values);
      return x.grad!;
    },
    [0, 1, 0],
  ],
];

describe.each(["cpu", "webgpu"])("on %s", (name) => {
  it.each(cases)("%s", async (_, call, expected) => {
    const device = devices[name]!;
    const make: Make = (data, dtype) =>
      ops.tensor(data, dtype === undefined ? { device } : { device, dtype });
    expect(await plain(await call(make))).toEqual(expected);
  });

  it("sorts and sums a long line", async () => {
    const n = 20_000;
    const data = Float32Array.from({ length: n }, (_, i) => Math.fround(Math.sin(i * i)));
    const x = ops.tensor(data, { device: devices[name]! });
    const { values, indices } = ops.sort(x);
    const [sorted, places] = [await values.data(), await indices.data()];
    expect([...sorted]).toEqual([...data.toSorted()]);
    expect([...places].map((i) => data[i])).toEqual([...sorted]);
    const total = data.reduce((a, b) => a + b, 0);
    expect((await ops.cumsum(x, 0).data()).at(-1)).toBeCloseTo(total, 3);
  });
});
