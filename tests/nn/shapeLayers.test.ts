import { beforeAll, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as nn from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

it("padding layers after PyTorch 1.13 are those of other axes", async () => {
  const line = tensor([1, 2, 3], { shape: [1, 3] });
  expect([...(await new nn.CircularPad1d([1, 2]).forward(line).data())]).toEqual([
    3, 1, 2, 3, 1, 2,
  ]);
  expect([...(await new nn.ZeroPad1d([0, 1]).forward(line).data())]).toEqual([1, 2, 3, 0]);
  const image = tensor([1, 2, 3, 4], { shape: [1, 2, 2] });
  expect([...(await new nn.CircularPad2d([1, 0, 0, 1]).forward(image).data())]).toEqual([
    2, 1, 2, 4, 3, 4, 2, 1, 2,
  ]);
  expect(new nn.CircularPad3d(1).forward(zeros([1, 2, 2, 2])).shape).toEqual([1, 4, 4, 4]);
  expect(new nn.ZeroPad3d([0, 0, 0, 0, 1, 2]).forward(zeros([2, 2, 2])).shape).toEqual([5, 2, 2]);
});

it.each<[string, () => unknown, new () => Error, string]>([
  ["sides", () => new nn.ZeroPad2d([1, 2]), ValueError, "ZeroPad2d: padding is one whole number"],
  ["half a side", () => new nn.CircularPad1d(0.5), ValueError, "CircularPad1d: padding is one"],
  ["axes", () => new nn.ZeroPad2d(1).forward(zeros([3])), ShapeError, "ZeroPad2d: the input has"],
  ["reach", () => new nn.ReflectionPad1d(3).forward(zeros([1, 3])), ShapeError, "at most 2"],
  ["Unflatten", () => new nn.Unflatten(1, [2, 2]).forward(zeros([1, 6])), ShapeError, "unflatten"],
  ["Flatten", () => new nn.Flatten(2).forward(zeros([2, 3])), ShapeError, "flatten: "],
  ["Upsample", () => new nn.Upsample({}), ValueError, "Upsample: give either size or scaleFactor"],
  ["Upsample", () => new nn.Upsample({ size: 2, scaleFactor: 2 }), ValueError, "got both"],
  [
    "Upsample",
    () => new nn.Upsample({ size: 2, mode: "cubic" as "area" }).forward(zeros([1, 1, 2])),
    ValueError,
    'unknown mode "cubic"',
  ],
  ["PixelShuffle", () => new nn.PixelShuffle(0), ValueError, "PixelShuffle: upscaleFactor is not"],
  ["shuffle", () => new nn.PixelShuffle(2).forward(zeros([3, 2, 2])), ShapeError, "3 channels"],
  ["Fold", () => new nn.Fold(4, 2).forward(zeros([1, 4, 8])), ShapeError, "fold: an image [4, 4]"],
  ["Unfold", () => new nn.Unfold(0), ValueError, "Unfold: kernelSize is one whole number"],
  [
    "Bilinear",
    () => new nn.Bilinear(2, 3, 4).forward(zeros([5, 2]), zeros([5, 2])),
    ShapeError,
    "Bilinear: the inputs are not [..., 2] and [..., 3] with equal axes in front; got a [5, 2], " +
      "b [5, 2], weight [4, 2, 3].",
  ],
  ["Bilinear", () => new nn.Bilinear(2, 0, 4), ValueError, "Bilinear: in2Features is not a whole"],
])("%s that do not fit are refused", (_, make, kind, message) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(message);
});

it("Bilinear starts within ±1/√in1Features", async () => {
  for (const parameter of new nn.Bilinear(4, 50, 100, { seed: 1 }).parameters()) {
    const top = Math.max(...[...(await parameter.data())].map(Math.abs));
    expect(top).toBeLessThanOrEqual(0.5);
    expect(top).toBeGreaterThan(0.48);
  }
});

it("layers print how they are made", () => {
  const layers: [nn.Module, string][] = [
    [new nn.Conv2d(1, 16, 3), "Conv2d(1, 16, 3)"],
    [
      new nn.Conv2d(2, 4, [3, 5], { stride: [2, 2], padding: [1, 0], groups: 2, bias: false }),
      "Conv2d(2, 4, [3, 5], { stride: 2, padding: [1, 0], groups: 2, bias: false })",
    ],
    [
      new nn.Conv1d(1, 1, 2, { padding: "same", paddingMode: "circular" }),
      'Conv1d(1, 1, 2, { padding: "same", paddingMode: "circular" })',
    ],
    [
      new nn.ConvTranspose3d(1, 1, 2, { stride: 2, outputPadding: 1 }),
      "ConvTranspose3d(1, 1, 2, { stride: 2, outputPadding: 1 })",
    ],
    [new nn.MaxPool2d(2), "MaxPool2d(2)"],
    [
      new nn.MaxPool1d(3, { stride: 1, ceilMode: true, returnIndices: true }),
      "MaxPool1d(3, { stride: 1, ceilMode: true, returnIndices: true })",
    ],
    [
      new nn.AvgPool2d([2, 3], { padding: 1, countIncludePad: false }),
      "AvgPool2d([2, 3], { padding: 1, countIncludePad: false })",
    ],
    [new nn.AdaptiveAvgPool2d([null, 7]), "AdaptiveAvgPool2d([null, 7])"],
    [new nn.LPPool2d(2, 3), "LPPool2d(2, 3)"],
    [new nn.MaxUnpool2d(2), "MaxUnpool2d(2)"],
    [new nn.Embedding(10, 3, { paddingIdx: 0 }), "Embedding(10, 3, { paddingIdx: 0 })"],
    [new nn.EmbeddingBag(10, 3, { mode: "sum" }), 'EmbeddingBag(10, 3, { mode: "sum" })'],
    [new nn.Bilinear(2, 3, 4, { bias: false }), "Bilinear(2, 3, 4, { bias: false })"],
    [new nn.Dropout2d(0.2), "Dropout2d(0.2)"],
    [new nn.ReLU(), "ReLU()"],
    [new nn.LeakyReLU(), "LeakyReLU(0.01)"],
    [new nn.GELU({ approximate: "tanh" }), 'GELU({ approximate: "tanh" })'],
    [new nn.Softmax(1), "Softmax(1)"],
    [new nn.Flatten(), "Flatten(1, -1)"],
    [new nn.Unflatten(1, [2, 2]), "Unflatten(1, [2, 2])"],
    [
      new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }),
      'Upsample({ scaleFactor: 2, mode: "bilinear" })',
    ],
    [new nn.ConstantPad1d([1, 2], 0.5), "ConstantPad1d([1, 2], 0.5)"],
    [new nn.ZeroPad2d(1), "ZeroPad2d(1)"],
    [new nn.Fold([4, 5], 2, { padding: 1 }), "Fold([4, 5], 2, { padding: 1 })"],
    [new nn.CosineSimilarity({ axis: -1 }), "CosineSimilarity({ axis: -1 })"],
  ];
  for (const [layer, text] of layers) expect(String(layer)).toBe(text);
});
