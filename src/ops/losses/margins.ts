import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, div, mul, neg, square, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ne, where } from "../elementwise/compare.ts";
import { clampMin, relu } from "../elementwise/extrema.ts";
import { softplus } from "../elementwise/special.ts";
import { gather, take } from "../indexing/indexing.ts";
import { reshape } from "../movement/movement.ts";
import { checkRange } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { checkIndexDType } from "../rules.ts";
import { checkAlike, checkSize, type LossOptions, reduceLoss } from "./lossRules.ts";

/** Losses that ask for a distance of scores, and are content beyond it. */

type MarginOptions = LossOptions & { readonly margin?: number };

/**
 * x where the target is 1, max(0, margin - x) where it is -1; both elsewhere, as in PyTorch.
 * @throws ShapeError when the shapes differ
 */
export function hingeEmbeddingLoss(
  x: Tensor,
  target: Tensor,
  { margin = 1, reduction }: MarginOptions = {},
): Tensor {
  checkAlike("hingeEmbeddingLoss", x, target);
  const apart = where(ne(target, 1), clampMin(sub(margin, x), 0), 0);
  const losses = add(apart, where(ne(target, -1), x, 0));
  return reduceLoss("hingeEmbeddingLoss", losses, reduction);
}

/** ln(1 + e^(-target·x)) for targets 1 and -1. @throws ShapeError when the shapes differ */
export function softMarginLoss(x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor {
  checkAlike("softMarginLoss", x, target);
  return reduceLoss("softMarginLoss", softplus(neg(mul(target, x))), reduction);
}

/**
 * max(0, margin - target·(a - b)): a should rank above b where the target is 1, below where -1.
 * @throws ShapeError unless all have equally many axes and broadcast
 */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  { margin = 0, reduction }: MarginOptions = {},
): Tensor {
  if (a.rank !== b.rank || a.rank !== target.rank) {
    throw new ShapeError(
      `marginRankingLoss: the numbers of axes differ; got ${show(a.shape)}, ${show(b.shape)} and ` +
        `target ${show(target.shape)}. Make them equal.`,
    );
  }
  const losses = clampMin(sub(margin, mul(target, sub(a, b))), 0);
  return reduceLoss("marginRankingLoss", losses, reduction);
}

export interface MultiMarginOptions extends MarginOptions {
  /** Power of each violation: 1 or 2. */
  readonly p?: 1 | 2;
  /** A factor per class, [C]. */
  readonly weight?: Tensor | null;
}

/**
 * Σ over the other classes i of max(0, margin - x[label] + x[i])ᵖ·weight[label] / C.
 * @param x scores [N, C] or [C]  @param labels int32 [N] or []
 * @throws ShapeError, DTypeError, ValueError; IndexError for labels outside 0..C-1
 */
export function multiMarginLoss(
  x: Tensor,
  labels: Tensor,
  { p = 1, margin = 1, weight = null, reduction }: MultiMarginOptions = {},
): Tensor {
  const op = "multiMarginLoss";
  if (x.rank === 0) {
    return multiMarginLoss(reshape(x, [1]), labels, { p, margin, weight, reduction });
  }
  const classes = checkScores(op, x);
  // PyTorch takes the label of one row as a number or as a list of one.
  const single = x.rank === 1 && labels.rank === 1 && labels.size === 1;
  if (!single) checkSize(op, "labels", labels, x.shape.slice(0, -1));
  checkIndexDType(op, labels.dtype);
  checkRange(op, "label", labels, classes);
  if (weight !== null) checkSize(op, "weight", weight, [classes]);
  if (p !== 1 && p !== 2) throw new ValueError(`${op}: p is neither 1 nor 2; got ${String(p)}.`);
  const rows = reshape(x, [labels.size, classes]);
  const column = reshape(cast(labels, "int32"), [labels.size, 1]);
  const short = relu(add(sub(rows, gather(rows, 1, column)), margin));
  const powers = p === 2 ? square(short) : short;
  const others = sum(where(eq(indexAlong(rows, 1), column), 0, powers), 1);
  const factors =
    weight === null ? others : mul(others, take(weight, reshape(column, [labels.size])));
  return reduceLoss(op, reshape(div(factors, classes), labels.shape), reduction);
}

/** The number of classes of scores [N, C] or [C]. @throws ShapeError for others */
export function checkScores(op: string, x: Tensor): number {
  const classes = x.shape.at(-1) ?? 0;
  if ((x.rank === 1 || x.rank === 2) && classes > 0) return classes;
  throw new ShapeError(
    `${op}: the scores are not [batch, classes] or [classes]; got ${show(x.shape)}. Reshape them.`,
  );
}
