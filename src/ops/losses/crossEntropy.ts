import { isFloat } from "../../core/dtype.ts";
import { type Shape, sameShape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { add, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { cast, widened } from "../elementwise/cast.ts";
import { eq, where } from "../elementwise/compare.ts";
import { unsqueeze } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { rangeOf } from "../range.ts";
import { sum } from "../reduce/reduce.ts";
import { logSoftmax } from "../reduce/softmax.ts";
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
import { reduceLoss } from "./lossRules.ts";

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
  const trusted = rangeOf(labels) !== null;
  if (reduction !== "none" && fitsWorkgroup(rows.shape)) {
    if (reduction !== "mean" && reduction !== "sum") reduceLoss("crossEntropy", rows, reduction);
    return crossEntropyLoss(rows, flat, { form: reduction, trusted });
  }
  if (reduction === "mean") return sum(crossEntropyLoss(rows, flat, { form: "shares", trusted }));
  const losses = crossEntropyLoss(rows, flat, { form: "rows", trusted });
  return reduceLoss("crossEntropy", reshape(losses, outer), reduction);
}

function probabilityLoss(x: Tensor, p: Tensor, outer: Shape, options: CrossEntropyOptions): Tensor {
  const { reduction = "mean", weight = null, labelSmoothing = 0 } = options;
  if (x.rank === 0 || !sameShape(x.shape, p.shape)) throw unfit("crossEntropy", x, p, outer);
  const logs = logSoftmax(classRows(x), 1);
  const classes = logs.shape[1]!;
  const given = classRows(p);
  const smooth =
    labelSmoothing === 0 ? given : add(mul(given, 1 - labelSmoothing), labelSmoothing / classes);
  const terms = mul(logs, weight === null ? smooth : mul(smooth, weight));
  return reduceLoss("crossEntropy", reshape(neg(sum(terms, 1)), outer), reduction);
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
  const sharp = crossEntropyLoss(rows, safe, { form: "rows", trusted });
  const named = () => eq(indexAlong(rows, 1), unsqueeze(safe, 1));
  const factors = weight === null ? null : sum(where(named(), weight, 0), 1);
  const weighted = factors === null ? sharp : mul(sharp, factors);
  const reduced = (losses: Tensor) =>
    reduceKept("crossEntropy", losses, kept, factors, outer, options);
  if (labelSmoothing === 0) return reduced(weighted);
  const logs = logSoftmax(widened(rows), 1);
  const all = sum(weight === null ? logs : mul(logs, weight), 1);
  const spread = mul(all, labelSmoothing / rows.shape[1]!);
  return reduced(sub(mul(weighted, 1 - labelSmoothing), spread));
}
