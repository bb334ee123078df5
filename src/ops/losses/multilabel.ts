import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, div, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ge, logicalAnd, logicalNot, lt, where } from "../elementwise/compare.ts";
import { relu } from "../elementwise/extrema.ts";
import { softplus } from "../elementwise/special.ts";
import { gather } from "../indexing/indexing.ts";
import { unsqueeze } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { checkRange, rangeOf, withRange } from "../range.ts";
import { any, mean, sum } from "../reduce/reduce.ts";
import { min } from "../reduce/reduceExtrema.ts";
import { checkIndexDType, constantLike } from "../rules.ts";
import { checkAlike, type LossOptions, reduceLoss, weighed } from "./lossRules.ts";
import { checkScores } from "./margins.ts";

/** Losses of examples that have several labels each. */

/**
 * Σ over labels j and classes i without a label of max(0, 1 - x[j] + x[i]) / C.
 * @param x scores [N, C] or [C]
 * @param labels int32 in the shape of x: each row's classes, and -1 behind the last one
 * @throws ShapeError, DTypeError, IndexError
 */
export function multilabelMarginLoss(
  x: Tensor,
  labels: Tensor,
  { reduction }: LossOptions = {},
): Tensor {
  const op = "multilabelMarginLoss";
  const classes = checkScores(op, x);
  checkAlike(op, x, labels);
  checkIndexDType(op, labels.dtype);
  const rows = reshape(x, [x.size / classes, classes]);
  const given = reshape(cast(labels, "int32"), rows.shape);
  const place = indexAlong(rows, 1);
  // What stands behind the first negative label does not count.
  const end = min(where(lt(given, 0), place, constantLike(classes, place)), 1, true);
  const valid = logicalAnd(lt(place, end), ge(given, 0));
  const range = rangeOf(labels);
  const safe = withRange(where(valid, given, 0), range && [0, Math.max(range[1], 0)]);
  checkRange(op, "label", safe, classes);
  const named = logicalAnd(unsqueeze(valid, 2), eq(unsqueeze(given, 2), unsqueeze(place, 1)));
  const others = logicalNot(any(named, 1));
  const scores = unsqueeze(gather(rows, 1, safe), 2);
  const short = relu(add(sub(unsqueeze(rows, 1), scores), 1));
  const counted = logicalAnd(unsqueeze(valid, 2), unsqueeze(others, 1));
  const losses = div(sum(where(counted, short, 0), [1, 2]), classes);
  return reduceLoss(op, reshape(losses, x.shape.slice(0, -1)), reduction);
}

/**
 * The mean over classes of -(t ln σ(x) + (1 - t) ln σ(-x))·weight.
 * @param x logits [..., C]  @param target 0 or 1, in the shape of x  @param weight [C]
 * @throws ShapeError when the shapes differ
 */
export function multilabelSoftMarginLoss(
  x: Tensor,
  target: Tensor,
  { reduction, weight }: LossOptions & { readonly weight?: Tensor | null } = {},
): Tensor {
  const op = "multilabelSoftMarginLoss";
  if (x.rank === 0) {
    throw new ShapeError(`${op}: the logits have no classes; got ${show(x.shape)}. Give [C].`);
  }
  checkAlike(op, x, target);
  const losses = add(mul(target, softplus(neg(x))), mul(sub(1, target), softplus(x)));
  return reduceLoss(op, mean(weighed(op, losses, weight), -1), reduction);
}
