import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  type Layer,
  LPPool2d,
  MaxPool1d,
  MaxPool2d,
  MaxUnpool2d,
  Sequential,
} from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

it("sizes are PyTorch's, also with ceilMode", () => {
  for (const kernel of [1, 2, 3, 4]) {
    for (const stride of [1, 2, 3]) {
      for (const padding of [0, 1].filter((p) => 2 * p <= kernel)) {
        const x = zeros([1, 7]);
        const room = 7 + 2 * padding - kernel;
        const size = (options: object) => {
          return new MaxPool1d(kernel, { stride, padding, ...options }).forward(x).shape[1];
        };
        expect(size({})).toBe(Math.floor(room / stride) + 1);
        // The last window begins inside the input or its left padding.
        const most = Math.ceil(room / stride) + 1;
        expect(size({ ceilMode: true })).toBe((most - 1) * stride >= 7 + padding ? most - 1 : most);
      }
    }
  }
});

it("MaxPool2d gives the places that MaxUnpool2d takes", async () => {
  const x = tensor([1, 5, 2, 0, 3, 4, 7, 6], { shape: [1, 1, 2, 4] });
  const { values, indices } = new MaxPool2d(2, { returnIndices: true }).forward(x);
  const back = new MaxUnpool2d(2).forward(values, indices);
  expect([...(await back.data())]).toEqual([0, 5, 0, 0, 0, 0, 7, 0]);
});

it("layers of one tensor stand in a Sequential", () => {
  const layers: Layer[] = [new MaxPool2d(2), new AvgPool2d(2), new AdaptiveAvgPool2d([1, null])];
  expect(new Sequential(...layers).forward(zeros([2, 3, 8, 12])).shape).toEqual([2, 3, 1, 3]);
  // @ts-expect-error its result is two tensors
  const wrong: Layer = new MaxPool2d(2, { returnIndices: true });
  expect(wrong).toBeDefined();
});

describe("refuses", () => {
  const x = () => zeros([1, 1, 4, 4]);
  it.each<[string, () => unknown, new () => Error, string]>([
    ["half a place", () => new MaxPool2d(1.5), ValueError, "MaxPool2d: kernelSize is one whole"],
    ["no stride", () => new AvgPool2d(2, { stride: 0 }), ValueError, "AvgPool2d: stride is one"],
    ["three sizes", () => new MaxPool2d([2, 2, 2]), ValueError, "got [2, 2, 2]"],
    ["too much padding", () => new MaxPool2d(2, { padding: 2 }).forward(x()), ValueError, "half"],
    ["too large a window", () => new AvgPool2d(5).forward(x()), ShapeError, "does not fit an axis"],
    ["another rank", () => new MaxPool2d(2).forward(zeros([4, 4])), ShapeError, "maxPool2d: the"],
    [
      "divisor 0",
      () => new AvgPool2d(2, { divisorOverride: 0 }),
      ValueError,
      "divisorOverride is 0",
    ],
    ["a norm of 0", () => new LPPool2d(0, 2), ValueError, "LPPool2d: normType is not above 0"],
    [
      "half a result",
      () => new AdaptiveAvgPool2d(1.5),
      ValueError,
      "AdaptiveAvgPool2d: outputSize",
    ],
    [
      "a size that pooling did not have",
      () => new MaxUnpool2d(2).forward(x(), x(), [3, 3]),
      ShapeError,
      "output size",
    ],
  ])("%s", (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
