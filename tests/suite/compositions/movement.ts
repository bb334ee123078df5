import * as ops from "../../../src/ops/index.ts";
import { integers, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

export const moves = (): Composed[] => {
  const parts = [
    uniform([2, 3]),
    uniform([2, 1], -2, 2, "sliced"),
    uniform([2, 4], -2, 2, "transposed"),
  ];
  return [
    composed("cat", ((x: Tensor[]) => ops.cat(x, 1)) as never, () => [
      [parts],
      [parts.slice(0, 1)],
    ]),
    composed("stack", ((x: Tensor[]) => ops.stack(x, -1)) as never, () => [
      [[parts[0], uniform([2, 3])]],
    ]),
    composed("cat of integers", ((x: Tensor[]) => ops.cat(x)) as never, () => [
      [[integers([3], 0, 5), integers([2], 0, 5)]],
    ]),
    unary("split", (x) => ops.mul(...(ops.split(x, [2, 2], 1) as [Tensor, Tensor])), [
      uniform([3, 4]),
    ]),
    unary("chunk", (x) => ops.chunk(x, 3, 0)[2], [uniform([5, 2])]),
    unary("slice backwards", (x) => ops.slice(x, [null, 4], [null, 0], [1, -2]), [uniform([2, 6])]),
    unary("slice from the end", (x) => ops.slice(x, [0, -3], [1, -1]), [uniform([2, 6])]),
    unary("tile", (x) => ops.tile(x, [2, 1, 3]), [uniform([2, 3])]),
    unary("flatten and squeeze", (x) => ops.squeeze(ops.unsqueeze(ops.flatten(x, 1), 0)), [
      uniform([2, 3, 2], -2, 2, "transposed"),
    ]),
    unary("unbind", (x) => ops.unbind(x, 1)[1], [uniform([2, 3])]),
  ];
};
