import * as ops from "../../../src/ops/index.ts";
import { uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

export const convolutions = (): Composed[] => [
  composed(
    "conv2d with bias",
    ((x: Tensor, w: Tensor, b: Tensor) => ops.conv2d(x, w, b, { padding: "same" })) as never,
    () => [[uniform([2, 4, 3]), uniform([3, 2, 2, 3]), uniform([3])]],
  ),
  composed(
    "convTranspose1d",
    ((x: Tensor, w: Tensor) =>
      ops.convTranspose1d(x, w, null, { stride: 2, outputPadding: 1, groups: 2 })) as never,
    () => [[uniform([1, 2, 3]), uniform([2, 1, 3])]],
  ),
  unary("unfold", (x) => ops.unfold(x, [2, 3], { padding: [1, 0], stride: [2, 1] }), [
    uniform([1, 2, 3, 4]),
  ]),
  unary("fold", (x) => ops.fold(x, [4, 3], 2, { dilation: [2, 1], padding: 1 }), [
    uniform([4, 16], -2, 2, "transposed"),
  ]),
  unary("pixel shuffle", (x) => ops.pixelShuffle(x, 2), [uniform([4, 2, 3])]),
  unary("pixel unshuffle", (x) => ops.pixelUnshuffle(x, 2), [
    uniform([1, 4, 2], -2, 2, "transposed"),
  ]),
  unary("channel shuffle", (x) => ops.channelShuffle(x, 2), [uniform([1, 4, 3])]),
];
