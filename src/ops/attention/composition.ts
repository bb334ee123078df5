import type { AttentionAttrs } from "../../../kernels/attention/attentionShape.ts";
import type { Pullback } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { cast, widened } from "../elementwise/cast.ts";
import { isNegInf } from "../elementwise/classify.ts";
import { gt, logicalNot, logicalOr, lt, where } from "../elementwise/compare.ts";
import { matmul } from "../linalg/matmul.ts";
import { cat, select } from "../movement/join.ts";
import { permute, reshape, transpose } from "../movement/movement.ts";
import { softmax } from "../reduce/softmax.ts";
import { constantLike } from "../rules.ts";

/** Attention from plain ops: what the kernels are held against, and the way for sizes they refuse. */

/** q, k and v of a tensor [..., 3, H, E], or the first three inputs; and what masks the pairs. */
export function parts(inputs: readonly Tensor[], { packed }: AttentionAttrs) {
  const [x] = inputs as [Tensor];
  const [q, k, v] = (packed ? [0, 1, 2].map((i) => select(x, -3, i)) : inputs) as Tensor[];
  return { q: q!, k: k!, v: v!, extra: inputs[packed ? 1 : 3] };
}

/** The axis of rows goes to the last but one place. */
function rowsLast(x: Tensor, rows: number): Tensor {
  const others = x.shape.map((_, d) => d).filter((d) => d !== rows && d !== x.rank - 1);
  return permute(x, [...others, rows, x.rank - 1]);
}

function rowsBack(x: Tensor, rows: number): Tensor {
  const order = x.shape.map((_, d) => (d < rows ? d : d === rows ? x.rank - 2 : d - 1));
  return permute(x, [...order.slice(0, -1), x.rank - 1]);
}

/** Finite, so that a row of nothing else gives no NaN; e^ of the distance to any other score is 0. */
const HIDDEN = -3e38;

/** Pairs that take no part: a bool that broadcasts to the scores, or null where all do. */
function hiddenPairs(
  scores: Tensor,
  extra: Tensor | undefined,
  attrs: AttentionAttrs,
): Tensor | null {
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const place = (n: number, shape: readonly number[]) => reshape(iota(n, scores.device), shape);
  const later = attrs.causal ? gt(place(keys, [1, keys]), place(queries, [queries, 1])) : null;
  const masked = (): Tensor | null => {
    switch (attrs.extra) {
      case "none":
        return null;
      case "allowed":
        return logicalNot(extra!);
      case "blocked":
        return extra!;
      case "factor":
        return lt(extra!, 0);
      case "bias":
        return isNegInf(scores);
    }
  };
  const own = masked();
  return own === null || later === null ? (own ?? later) : logicalOr(own, later);
}

/** softmax(scale · q kᵀ + bias), zero where a pair is masked, times the factors: [..., L, S]. */
export function attentionWeights(inputs: readonly Tensor[], attrs: AttentionAttrs): Tensor {
  const { q, k, extra } = parts(inputs, attrs);
  const [left, right] = [q, k].map((x) => rowsLast(widened(x), attrs.rows)) as [Tensor, Tensor];
  const product = mul(matmul(left, transpose(right)), constantLike(attrs.scale, left));
  const scores = attrs.extra === "bias" ? add(product, extra!) : product;
  const hidden = hiddenPairs(scores, extra, attrs);
  const shown = (x: Tensor, fill: number) =>
    hidden === null ? x : where(hidden, constantLike(fill, x), x);
  const weights = softmax(shown(scores, HIDDEN), -1);
  return shown(attrs.extra === "factor" ? mul(weights, extra!) : weights, 0);
}

/** The sums of values by such weights, in the layout of q. */
export function weighted(
  weights: Tensor,
  inputs: readonly Tensor[],
  attrs: AttentionAttrs,
): Tensor {
  const { v } = parts(inputs, attrs);
  const out = matmul(weights, rowsLast(widened(v), attrs.rows));
  return cast(rowsBack(out, attrs.rows), v.dtype);
}

export const composedAttention = (inputs: readonly Tensor[], attrs: AttentionAttrs): Tensor =>
  weighted(attentionWeights(inputs, attrs), inputs, attrs);

/** dq, dk and dv one after the other, or the gradient of the packed input. */
export function composedBackward(
  [g, ...inputs]: readonly Tensor[],
  attrs: AttentionAttrs,
  pullback: Pullback,
): Tensor {
  const free = inputs.slice(0, (attrs.packed ? 1 : 3) + (attrs.extra === "none" ? 0 : 1));
  const found = pullback((xs) => composedAttention(xs, attrs), free, g!);
  const wanted = found.slice(0, attrs.packed ? 1 : 3) as Tensor[];
  return attrs.packed ? wanted[0]! : cat(wanted.map((x) => reshape(x, [x.size])));
}
