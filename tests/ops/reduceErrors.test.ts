import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let x: Tensor;
let whole: Tensor;
let none: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  x = ops.tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  whole = ops.tensor([0, 3, 1], { dtype: "int32" });
  none = ops.zeros([0, 3]);
});

type Case = [string, new (message: string) => Error, () => unknown, string];

const reductions: Case[] = [
  ["mean", ShapeError, () => ops.mean(x, 2), "mean: axis 2 is out of range"],
  ["dtype", DTypeError, () => ops.sum(x, 0, { dtype: "int64" as never }), 'unknown dtype "int64"'],
  ["maxWithIndices", ShapeError, () => ops.maxWithIndices(x, 2), "axis 2 is out of range"],
  ["of none", ShapeError, () => ops.minWithIndices(none, 0), "argmin: there is no argmin"],
  ["aminmax", ShapeError, () => ops.aminmax(none), "there is no min of no elements"],
  ["variance", ShapeError, () => ops.varMean(x, [0, 0]), "varMean: axis 0 is given twice"],
  [
    "both names",
    ValueError,
    () => ops.std(x, 0, { correction: 0, unbiased: true }),
    "std: both correction and unbiased are given; got 0 and true",
  ],
  ["norm", ShapeError, () => ops.vectorNorm(none, Infinity, 0), "no norm of order Infinity"],
  ["norm of -1", ShapeError, () => ops.vectorNorm(none, -1), "no norm of order -1"],
  ["NaN norm", ValueError, () => ops.vectorNorm(x, Number.NaN), "the order is no number; got NaN"],
  ["text norm", ValueError, () => ops.norm(x, "nuclear" as never), "got nuclear"],
  ["whole norm", DTypeError, () => ops.norm(whole), "norms are of floats; got int32"],
  ["normalize", ShapeError, () => ops.normalize(ops.ones([3])), "axis 1 is out of range"],
  [
    "cosine",
    ShapeError,
    () => ops.cosineSimilarity(x, ops.ones([4])),
    "cosineSimilarity: axis 1 has sizes 3 and 4",
  ],
  ["renorm", ValueError, () => ops.renorm(x, 0, 0, 1), "renorm: p must be above 0"],
  ["renorm axis", ShapeError, () => ops.renorm(x, 2, 2, 1), "renorm: axis 2"],
];

const scans: Case[] = [
  ["cumsum", ShapeError, () => ops.cumsum(x, 2), "cumsum: axis 2 is out of range"],
  ["cumprod", ShapeError, () => ops.cumprod(x, -3), "cumprod: axis -3 is out of range"],
  ["cummax", ShapeError, () => ops.cummax(x, 0.5), "cummax: axis 0.5 is out of range"],
  ["logcumsumexp", ShapeError, () => ops.logcumsumexp(x, 9), "logcumsumexp: axis 9"],
  ["diff", ValueError, () => ops.diff(x, { n: -1 }), "diff: n is a whole number"],
  ["diff of []", ShapeError, () => ops.diff(ops.ones([])), "diff: axis -1 is out of range"],
  ["diff ends", ShapeError, () => ops.diff(x, { append: ops.ones([3, 1]) }), "cat: tensor 1"],
  [
    "trapezoid",
    ShapeError,
    () => ops.trapezoid(x, { x: ops.ones([2]) }),
    "trapezoid: there is not one point per value; got y [2, 3], x [2]",
  ],
  [
    "x and dx",
    ValueError,
    () => ops.cumulativeTrapezoid(x, { x: ops.ones([3]), dx: 2 }),
    "both x and dx are given",
  ],
];

const sorting: Case[] = [
  ["sort", ShapeError, () => ops.sort(x, 2), "sort: axis 2 is out of range"],
  ["topk", ValueError, () => ops.topk(x, 4), "topk: k is no whole number from 0 to 3; got 4"],
  ["topk of ½", ValueError, () => ops.topk(x, 0.5), "got 0.5 for [2, 3]"],
  ["kthvalue", ValueError, () => ops.kthvalue(x, 0), "kthvalue: k is no whole number from 1 to 3"],
  ["median", ShapeError, () => ops.median(none, 0), "there is no median of no elements"],
  ["mode", ShapeError, () => ops.mode(none, 0), "there is no mode of no elements"],
  ["quantile", ValueError, () => ops.quantile(x, [0.5, 1.5]), "q is from 0 to 1; got 1.5"],
  ["quantile of none", ShapeError, () => ops.quantile(none, 0.5), "no quantile of no elements"],
  ["quantile of ints", DTypeError, () => ops.quantile(whole, 0.5), "it takes floats; got int32"],
  ["q", ShapeError, () => ops.nanquantile(x, x), "nanquantile: q is a float scalar or a list"],
  [
    "interpolation",
    ValueError,
    () => ops.quantile(x, 0.5, { interpolation: "cubic" as never }),
    'unknown interpolation; got "cubic"',
  ],
  [
    "searchsorted",
    ShapeError,
    () => ops.searchsorted(x, ops.ones([3, 3])),
    "got [2, 3] and values",
  ],
  ["scalar line", ShapeError, () => ops.searchsorted(ops.ones([]), x), "got [] and values [2, 3]"],
  ["sorter", ShapeError, () => ops.searchsorted(x, x, { sorter: whole }), "the sorter differs"],
  [
    "wrong sorter",
    IndexError,
    () => ops.searchsorted(ops.ones([3]), x, { sorter: whole }),
    "index outside 0..2",
  ],
  ["bucketize", ShapeError, () => ops.bucketize(x, x), "bucketize: the boundaries are one line"],
  ["bincount", DTypeError, () => ops.bincount(ops.ones([3])), "whole numbers; got float32"],
  ["bincount of rows", ShapeError, () => ops.bincount(ops.cast(x, "int32")), "one line"],
  [
    "bincount below 0",
    ValueError,
    () => ops.bincount(ops.tensor([1, -2], { dtype: "int32" })),
    "an element is negative; got -2",
  ],
  ["length", ValueError, () => ops.bincount(whole, { length: -1 }), "a length is a whole number"],
  ["weights", ShapeError, () => ops.bincount(whole, { weights: x }), "and weights [2, 3]"],
  ["histc", ValueError, () => ops.histc(x, { bins: 0 }), "histc: bins is a whole number from 1"],
  ["range", ValueError, () => ops.histc(x, { min: 2, max: 1 }), "got 2 to 1"],
  ["histogram", ShapeError, () => ops.histogram(x, { bins: x }), "edges are one line"],
  ["weight", ShapeError, () => ops.histogram(x, { weight: whole }), "the weights differ in shape"],
];

describe("a wrong reduction, scan or sort", () => {
  it.each([...reductions, ...scans, ...sorting])(
    "%s throws %s at once",
    (_, type, call, message) => {
      expect(call).toThrow(type);
      expect(call).toThrow(message);
    },
  );

  it("rejects for an unknown axis where it returns a promise", async () => {
    await expect(ops.unique(x, { axis: 2 })).rejects.toThrow("unique: axis 2 is out of range");
    await expect(ops.uniqueConsecutive(x, { axis: -3 })).rejects.toThrow("axis -3");
  });

  it("rejects for negative elements that only the device knows", async () => {
    const computed = ops.cast(ops.tensor([1.2, -3.4]), "int32");
    await expect(ops.bincount(computed)).rejects.toThrow("an element is negative; got -3");
  });
});
