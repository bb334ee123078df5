import { beforeAll, describe, expect, it } from "vitest";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";

const ones = (...shape: number[]) => ops.ones(shape);

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

type Case = readonly [string, new (message: string) => Error, () => unknown, string];

const cases: Case[] = [
  ["rank", ShapeError, () => ops.conv2d(ones(3, 4), ones(2, 3, 2, 2)), "the input has 2 axes"],
  ["weight's rank", ShapeError, () => ops.conv1d(ones(3, 4), ones(2, 3)), "two axes of channels"],
  ["empty kernel", ShapeError, () => ops.conv1d(ones(3, 4), ones(2, 3, 0)), "at least one place"],
  ["channels", ShapeError, () => ops.conv1d(ones(3, 4), ones(2, 2, 2)), "channels / groups"],
  [
    "groups",
    ValueError,
    () => ops.conv1d(ones(3, 4), ones(2, 3, 2), null, { groups: 2 }),
    "groups 2 for 3 and 2 channels",
  ],
  [
    "half a group",
    ValueError,
    () => ops.conv1d(ones(3, 4), ones(2, 3, 2), null, { groups: 0.5 }),
    "got groups 0.5",
  ],
  ["bias", ShapeError, () => ops.conv1d(ones(3, 4), ones(2, 3, 2), ones(3)), "the 2 channels"],
  [
    "large kernel",
    ShapeError,
    () => ops.conv2d(ones(1, 4, 4), ones(1, 1, 3, 3), null, { dilation: [1, 2] }),
    "covers 5 places along spatial axis 1, the padded input has 4",
  ],
  [
    "stride",
    ValueError,
    () => ops.conv1d(ones(1, 4), ones(1, 1, 2), null, { stride: 0 }),
    "stride is one whole number of at least 1",
  ],
  [
    "padding",
    ValueError,
    () => ops.conv1d(ones(1, 4), ones(1, 1, 2), null, { padding: -1 }),
    "padding is one whole number of at least 0",
  ],
  [
    "numbers per axis",
    ValueError,
    () => ops.conv2d(ones(1, 4, 4), ones(1, 1, 2, 2), null, { stride: [1, 2, 3] }),
    "one for each of the 2 spatial axes; got [1, 2, 3]",
  ],
  [
    "unknown padding",
    ValueError,
    () => ops.conv1d(ones(1, 4), ones(1, 1, 2), null, { padding: "full" as never }),
    'unknown padding; got "full"',
  ],
  [
    "same with a stride",
    ValueError,
    () => ops.conv1d(ones(1, 4), ones(1, 1, 2), null, { padding: "same", stride: 2 }),
    "which a stride does not",
  ],
  [
    "transposed channels",
    ShapeError,
    () => ops.convTranspose1d(ones(3, 4), ones(2, 3, 2)),
    "axis 0 is not the input's channels",
  ],
  [
    "transposed groups",
    ValueError,
    () => ops.convTranspose1d(ones(3, 4), ones(3, 2, 2), null, { groups: 2 }),
    "groups 2 for 3 channels",
  ],
  [
    "outputPadding",
    ValueError,
    () => ops.convTranspose1d(ones(1, 4), ones(1, 1, 2), null, { stride: 2, outputPadding: 2 }),
    "outputPadding is smaller than the stride or the dilation",
  ],
  [
    "nothing left",
    ShapeError,
    () => ops.convTranspose1d(ones(1, 1), ones(1, 1, 2), null, { padding: 2 }),
    "the result has -2 places along spatial axis 0",
  ],
  ["unfold's rank", ShapeError, () => ops.unfold(ones(4, 4), 2), "the input has 2 axes"],
  ["unfold's kernel", ShapeError, () => ops.unfold(ones(1, 4, 4), 5), "covers 5 places"],
  ["fold's columns", ShapeError, () => ops.fold(ones(4, 8), [4, 4], 2), "has 9 windows"],
  ["pixelShuffle", ShapeError, () => ops.pixelShuffle(ones(3, 2, 2), 2), "no multiple"],
  ["pixelUnshuffle", ShapeError, () => ops.pixelUnshuffle(ones(3, 2, 3), 2), "no multiples"],
  ["factor", ValueError, () => ops.pixelShuffle(ones(3, 2, 2), 0), "upscaleFactor is a whole"],
  ["channelShuffle", ShapeError, () => ops.channelShuffle(ones(1, 3, 2), 2), "multiple of groups"],
];

describe("a wrong call", () => {
  it.each(cases)("%s throws %s at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
