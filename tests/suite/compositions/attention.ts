import * as ops from "../../../src/ops/index.ts";
import { booleans, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed } from "./composed.ts";

type Attention = (q: Tensor, k: Tensor, v: Tensor, mask: Tensor) => Tensor;

export const attentions = (): Composed[] => [
  composed(
    "scaledDotProductAttention",
    ((q, k, v, mask) =>
      ops.scaledDotProductAttention(q, k, v, { mask })) satisfies Attention as never,
    () => [
      [uniform([2, 2, 3, 4]), uniform([2, 1, 5, 4]), uniform([2, 5, 2]), booleans([3, 5])],
      [uniform([3, 2]), uniform([2, 2]), uniform([2, 3], -2, 2, "transposed"), uniform([2])],
    ],
  ),
];
