import { isFloat } from "../../core/dtype.ts";
import { type Shape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, where } from "../elementwise/compare.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { rangeOf } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { constantLike } from "../rules.ts";
import {
  type CrossEntropyOptions,
  checkLabels,
  checkOptions,
  classRows,
  keptRows,
  outerShape,
  reduceKept,
  unfit,
} from "./classRules.ts";
import { crossEntropyLoss, fitsWorkgroup } from "./crossEntropyOps.ts";
import { type LossReduction, reduceLoss } from "./lossRules.ts";

/**
 * -ln softmax(x)[label], the mean over rows (or their sum, or each).
 * @param x logits [N, C] or [N, C, d1…] or [C]
 * @param labels int32 [N] or [N, d1…] or []; or probabilities, float32 in the shape of x
 * @returns [] ("mean", weighted by `weight` where given; "sum"), or the shape of the labels
 * @throws ShapeError, DTypeError; IndexError for labels outside 0..C-1
 */
export function crossEntropy(x: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", weight = null, ignoreIndex = null, labelSmoothing = 0 } = options;
  const outer = outerShape(x);
  checkOptions("crossEntropy", x, options);
  if (isFloat(labels.dtype)) return probabilityLoss(x, labels, outer, options);
  if (x.rank === 0 || !sameShape(labels.shape, outer))
    throw unfit("crossEntropy", x, labels, outer);
  const classes = x.shape[x.rank === 1 ? 0 : 1]!;
  const rows = classRows(x);
  const flat = reshape(cast(labels, "int32"), [labels.size]);
  checkLabels("crossEntropy", labels, classes, options);
  const plain = weight === null && ignoreIndex === null && labelSmoothing === 0;
  if (!plain || x.size === 0) return labelLoss(rows, flat, outer, options);
  return fusedLoss(rows, flat, outer, reduction);
}

/** The fused loss of all rows, in as few launches as their number allows. */
function fusedLoss(rows: Tensor, labels: Tensor, outer: Shape, reduction: LossReduction): Tensor {
  const soft = isFloat(labels.dtype);
  const kind = { soft, trusted: soft || rangeOf(labels) !== null };
  const known = reduction === "mean" || reduction === "sum";
  if (known && fitsWorkgroup(rows.shape)) {
    return crossEntropyLoss(rows, labels, { form: reduction, ...kind });
  }
  if (reduction === "mean" && rows.size > 0)
    return sum(crossEntropyLoss(rows, labels, { form: "shares", ...kind }));
  const losses = crossEntropyLoss(rows, labels, { form: "rows", ...kind });
  return reduceLoss("crossEntropy", reshape(losses, outer), reduction);
}

function probabilityLoss(x: Tensor, p: Tensor, outer: Shape, options: CrossEntropyOptions): Tensor {
  const { reduction = "mean", weight = null, labelSmoothing = 0 } = options;
  if (x.rank === 0 || !sameShape(x.shape, p.shape)) throw unfit("crossEntropy", x, p, outer);
  const rows = classRows(x);
  const given = classRows(p);
  const smooth =
    labelSmoothing === 0
      ? given
      : add(mul(given, 1 - labelSmoothing), labelSmoothing / rows.shape[1]!);
  const weighted = weight === null ? smooth : mul(smooth, weight);
  return fusedLoss(rows, weighted, outer, reduction);
}

/**
 * Integer labels with class weights, ignored rows or smoothing: sums over the classes beside the
 * fused loss. A label's weight is picked by comparing, which needs no scatter backwards.
 */
function labelLoss(
  rows: Tensor,
  labels: Tensor,
  outer: Shape,
  options: CrossEntropyOptions,
): Tensor {
  const { weight = null, labelSmoothing = 0 } = options;
  const { kept, safe } = keptRows(labels, options);
  const trusted = rangeOf(safe) !== null;
  const sharp = crossEntropyLoss(rows, safe, { form: "rows", soft: false, trusted });
  const named = () => eq(indexAlong(rows, 1), unsqueeze(safe, 1));
  const factors = weight === null ? null : sum(where(named(), weight, 0), 1);
  const weighted = factors === null ? sharp : mul(sharp, factors);
  const reduced = (losses: Tensor) =>
    reduceKept("crossEntropy", losses, kept, factors, outer, options);
  if (labelSmoothing === 0) return reduced(weighted);
  const even = constantLike(labelSmoothing / rows.shape[1]!, rows, "float32");
  const shares = expand(weight === null ? even : mul(weight, even), rows.shape);
  const spread = crossEntropyLoss(rows, shares, { form: "rows", soft: true, trusted: true });
  return reduced(add(mul(weighted, 1 - labelSmoothing), spread));
}
