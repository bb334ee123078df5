import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let image: Tensor;
let line: Tensor;
let theta: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  image = ops.ones([1, 2, 4, 5]);
  line = ops.ones([1, 2, 6]);
  theta = ops.ones([1, 2, 3]);
});

const int = (values: number[], shape: number[]) => ops.tensor(values, { shape, dtype: "int32" });

type Case = [string, new (m: string) => Error, () => unknown, string];

const pooling: Case[] = [
  ["rank", ShapeError, () => ops.maxPool2d(ops.ones([4]), 2), "maxPool2d: the input is not"],
  ["no places", ShapeError, () => ops.avgPool1d(ops.ones([1, 2, 0]), 2), "at least one place"],
  ["window", ShapeError, () => ops.maxPool2d(image, 6), "a window of 6 places does not fit"],
  ["padding", ValueError, () => ops.avgPool1d(line, 3, { padding: 2 }), "more than half"],
  ["kernel", ValueError, () => ops.maxPool2d(image, [1, 2, 3]), "kernelSize is one whole number"],
  ["stride", ValueError, () => ops.maxPool2d(image, 2, { stride: 0 }), "stride"],
  ["divisor", ValueError, () => ops.avgPool2d(image, 2, { divisorOverride: 0 }), "is 0"],
  ["adaptive", ValueError, () => ops.adaptiveAvgPool2d(image, [1, 2, 3]), "outputSize is one size"],
  ["order", ValueError, () => ops.lpPool1d(line, 0, 2), "normType is not above 0"],
  [
    "loose",
    ShapeError,
    () => ops.maxPool1d(ops.ones([1, 1, 2]), 2, { padding: 1, dilation: 3 }),
    "fit",
  ],
  ["unpool", ShapeError, () => ops.maxUnpool1d(line, int([0], [1, 1, 1]), 2), "an index for each"],
  ["float index", DTypeError, () => ops.maxUnpool1d(line, line, 2), "whole numbers"],
  [
    "index",
    IndexError,
    () => ops.maxUnpool1d(ops.ones([1, 1, 2]), int([0, 9], [1, 1, 2]), 2),
    "index outside 0..3",
  ],
  [
    "unpooled size",
    ShapeError,
    () =>
      ops.maxUnpool1d(line, int([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], [1, 2, 6]), 2, {
        outputSize: [20],
      }),
    "the output size is not one",
  ],
];

const resampling: Case[] = [
  [
    "mode",
    ValueError,
    () => ops.interpolate(image, { size: 3, mode: "cubic" as never }),
    "unknown mode",
  ],
  [
    "rank",
    ShapeError,
    () => ops.interpolate(line, { size: 3, mode: "bilinear" }),
    "with 2 spatial",
  ],
  ["size", ValueError, () => ops.interpolate(image, {}), "got neither"],
  ["both", ValueError, () => ops.interpolate(image, { size: 2, scaleFactor: 2 }), "got both"],
  ["factor", ValueError, () => ops.interpolate(image, { scaleFactor: -1 }), "above 0"],
  ["nothing", ValueError, () => ops.interpolate(image, { scaleFactor: 0.1 }), "leave nothing"],
  [
    "align",
    ValueError,
    () => ops.interpolate(image, { size: 2, alignCorners: true }),
    "no meaning",
  ],
  [
    "antialias",
    ValueError,
    () => ops.interpolate(image, { size: 2, antialias: true }),
    "antialias",
  ],
  [
    "grid",
    ShapeError,
    () => ops.gridSample(image, ops.ones([1, 2, 2, 3])),
    "the grid does not fit",
  ],
  [
    "padding mode",
    ValueError,
    () => ops.gridSample(image, ops.ones([1, 2, 2, 2]), { paddingMode: "wrap" as never }),
    'unknown paddingMode "wrap"',
  ],
  ["theta", ShapeError, () => ops.affineGrid(theta, [2, 1, 3, 3]), "the transforms do not fit"],
];

const normalization: Case[] = [
  [
    "weight",
    ShapeError,
    () => ops.layerNorm(line, 6, { weight: ops.ones([5]) }),
    "the weight does not",
  ],
  ["last axes", ShapeError, () => ops.layerNorm(line, [2, 5]), "is not that of the last axes"],
  ["groups", ValueError, () => ops.groupNorm(line, 3), "3 groups do not divide 2 channels"],
  ["statistics", ShapeError, () => ops.batchNorm(line), "there are no running statistics"],
  [
    "one value",
    ValueError,
    () => ops.batchNorm(ops.ones([1, 2]), null, null, { training: true }),
    "the mean is taken of one element",
  ],
  ["eps", ValueError, () => ops.instanceNorm(line, { eps: Number.NaN }), "eps is not a number"],
  ["channels", ShapeError, () => ops.instanceNorm(ops.ones([3])), "instanceNorm: the input is not"],
  ["lrn", ValueError, () => ops.localResponseNorm(line, 0), "size is not a whole number above 0"],
];

describe.each([
  ["pooling", pooling],
  ["resampling", resampling],
  ["normalization", normalization],
] as const)("a wrong call of %s", (_, cases) => {
  it.each(cases)("%s throws %s at once", (_name, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe("places of maxima", () => {
  it("are the first of equal ones, and a NaN's", async () => {
    const x = ops.tensor([2, 2, 1, Number.NaN, 5, 5], { shape: [1, 6] });
    const { values, indices } = ops.maxPool1d(x, 3, { returnIndices: true });
    expect([...(await values.data())]).toEqual([2, Number.NaN]);
    expect([...(await indices.data())]).toEqual([0, 3]);
  });
});
