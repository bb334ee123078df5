import * as ops from "../../../src/ops/index.ts";
import { integers, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

export const places = (): Composed[] => [
  composed("take", ((x: Tensor, i: Tensor) => ops.take(x, i, 1)) as never, () => [
    [uniform([2, 5, 3]), integers([2, 2], 0, 5)],
    [uniform([2, 5]), integers([], 0, 5)],
  ]),
  composed("gather", ((x: Tensor, i: Tensor) => ops.gather(x, 1, i)) as never, () => [
    [uniform([4, 5, 3]), integers([2, 6, 3], 0, 5)],
  ]),
  composed(
    "scatterAdd",
    ((x: Tensor, i: Tensor, s: Tensor) => ops.scatterAdd(x, 0, i, s)) as never,
    () => [[uniform([4, 3]), integers([6, 2], 0, 4), uniform([6, 3])]],
  ),
  composed(
    "indexAdd",
    ((x: Tensor, i: Tensor, s: Tensor) => ops.indexAdd(x, 1, i, s)) as never,
    () => [[uniform([2, 4]), integers([5], 0, 4), uniform([2, 5])]],
  ),
  unary("oneHot", (x) => ops.oneHot(x, 6), [integers([2, 3], 0, 6)]),
];
