import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  Conv1d,
  Conv2d,
  type ConvLayerOptions,
  ConvTranspose2d,
  type ConvTransposeLayerOptions,
  init,
} from "../../src/nn/index.ts";
import { zeros } from "../../src/ops/creation/creation.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor) => Array.from(await x.data());
const top = async (x: Tensor) => Math.max(...(await values(x)).map(Math.abs));

/** Options as they may come from JavaScript. */
const loose = (options: object) => options as ConvLayerOptions & ConvTransposeLayerOptions;

describe("sizes", () => {
  const sizes = [1, 2, 3].flatMap((kernel) =>
    [1, 2, 3].flatMap((stride) =>
      [0, 1, 2].flatMap((padding) =>
        [1, 2].map((dilation) => ({ kernel, stride, padding, dilation })),
      ),
    ),
  );

  it("Conv1d gives PyTorch's", () => {
    for (const { kernel, ...options } of sizes) {
      const { stride, padding, dilation } = options;
      const out = new Conv1d(1, 1, kernel, { ...options, seed: 0 }).forward(zeros([1, 1, 9]));
      const size = Math.floor((9 + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;
      expect(out.shape).toEqual([1, 1, size]);
    }
  });

  it("ConvTranspose2d reaches every size that Conv2d makes its input of", () => {
    for (const { kernel, ...options } of sizes.filter((s) => s.kernel > s.padding)) {
      const conv = new Conv2d(1, 1, kernel, { ...options, seed: 0 });
      const back = new ConvTranspose2d(1, 1, kernel, { ...options, seed: 0 });
      for (const size of [8, 9, 10]) {
        const small = conv.forward(zeros([1, size, size]));
        expect(back.forward(small, [size, size]).shape).toEqual([1, size, size]);
        expect(back.forward(small, [1, size, size]).shape).toEqual([1, size, size]);
      }
    }
  });
});

describe("initial weights", () => {
  it.each([
    ["Conv2d", () => new Conv2d(8, 400, 3, { groups: 2, seed: 1 }), 4 * 9],
    ["ConvTranspose2d", () => new ConvTranspose2d(8, 400, 3, { seed: 1 }), 400 * 9],
  ])("%s starts within ±1/√fanIn", async (_, make, fanIn) => {
    for (const parameter of make().parameters()) {
      const largest = (await top(parameter)) * Math.sqrt(fanIn);
      expect(largest).toBeLessThanOrEqual(1 + 1e-6);
      expect(largest).toBeGreaterThan(0.97);
    }
  });

  it("follow a seed or an initializer", async () => {
    const [a, b] = [new Conv2d(2, 3, 3, { seed: 4 }), new Conv2d(2, 3, 3, { seed: 4 })];
    expect(await values(a.weight)).toEqual(await values(b.weight));
    expect(await values(a.bias!)).toEqual(await values(b.bias!));
    expect(await values(new Conv2d(2, 3, 3).weight)).not.toEqual(
      await values(new Conv2d(2, 3, 3).weight),
    );
    const ones = new ConvTranspose2d(1, 1, 2, { init: init.ones(), bias: false });
    expect(await values(ones.weight)).toEqual([1, 1, 1, 1]);
  });
});

describe("refuses", () => {
  const image = () => zeros([2, 4, 5, 5]);
  it.each<[string, () => unknown, new () => Error, string]>([
    [
      "other channels",
      () => new Conv2d(3, 8, 3).forward(image()),
      ShapeError,
      "Conv2d: the input is not [batch, 3, height, width] or [3, height, width]; got x " +
        "[2, 4, 5, 5], weight [8, 3, 3, 3].",
    ],
    [
      "too few axes",
      () => new Conv2d(5, 8, 3).forward(zeros([5, 5])),
      ShapeError,
      "Conv2d: the input is not",
    ],
    [
      "other channels, transposed",
      () => new ConvTranspose2d(3, 8, 3).forward(image()),
      ShapeError,
      "ConvTranspose2d: the input is not [batch, 3, height, width]",
    ],
    ["groups", () => new Conv2d(4, 6, 3, { groups: 4 }), ValueError, "Conv2d: groups is a whole"],
    ["groups", () => new ConvTranspose2d(4, 6, 3, { groups: 4 }), ValueError, "divides"],
    [
      "a kernel larger than the padded input",
      () => new Conv2d(4, 1, 8, { padding: 1 }).forward(image()),
      ShapeError,
      "the kernel covers 8 places along spatial axis 0, the padded input has 7",
    ],
    ["half a channel", () => new Conv2d(1.5, 2, 3), ValueError, "inChannels is not a whole"],
    ["no channel", () => new Conv2d(1, 0, 3), ValueError, "outChannels is not a whole"],
    ["half a place", () => new Conv2d(1, 2, 2.5), ValueError, "kernelSize is one whole number"],
    ["three sizes", () => new Conv2d(1, 2, [3, 3, 3]), ValueError, "got [3, 3, 3]"],
    ["no stride", () => new Conv2d(1, 2, 3, { stride: 0 }), ValueError, "stride is one whole"],
    ["negative padding", () => new Conv2d(1, 2, 3, { padding: -1 }), ValueError, "padding is one"],
    [
      "an unknown padding",
      () => new Conv2d(1, 2, 3, loose({ padding: "full" })),
      ValueError,
      'Conv2d: unknown padding; got "full". Use numbers, "same" or "valid".',
    ],
    [
      "an unknown padding mode",
      () => new Conv2d(1, 2, 3, loose({ paddingMode: "mirror" })),
      ValueError,
      'Conv2d: unknown paddingMode "mirror". Use one of zeros, reflect, replicate, circular.',
    ],
    [
      "a padding mode, transposed",
      () => new ConvTranspose2d(1, 2, 3, loose({ paddingMode: "reflect" })),
      ValueError,
      "ConvTranspose2d: the padding is zeros only",
    ],
    [
      "same sizes with a stride",
      () => new Conv2d(1, 2, 3, { padding: "same", stride: 2 }),
      ValueError,
      'Conv2d: padding "same" keeps the sizes, which a stride does not; got stride [2, 2].',
    ],
    [
      "a reflection beyond the image",
      () => new Conv2d(4, 1, 3, { padding: 5, paddingMode: "reflect" }).forward(image()),
      ShapeError,
      "reaches at most 4 elements",
    ],
    [
      "a size that it cannot give",
      () => new ConvTranspose2d(4, 1, 3, { stride: 2 }).forward(image(), [13, 11]),
      ValueError,
      "ConvTranspose2d: outputSize is not a size that this layer can give; got [13, 11] for x " +
        "[2, 4, 5, 5]. Give sizes from [11, 11] to [12, 12].",
    ],
    [
      "too much output padding",
      () => new ConvTranspose2d(4, 1, 3, { outputPadding: 1 }).forward(image()),
      ValueError,
      "outputPadding is smaller than the stride",
    ],
  ])("%s", (_, make, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });
});
