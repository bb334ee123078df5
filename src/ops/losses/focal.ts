import { DTypeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { add, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { sigmoid } from "../elementwise/elementwise.ts";
import { clampMin } from "../elementwise/extrema.ts";
import { pow } from "../elementwise/power.ts";
import { expm1 } from "../elementwise/special.ts";
import { take } from "../indexing/indexing.ts";
import { binaryCrossEntropyWithLogits } from "./binary.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { checkAlike, checkPositive, checkSize, type LossOptions, reduceLoss } from "./lossRules.ts";

/** Cross entropies in which examples that are classified well count little. */

interface FocalOptions extends LossOptions {
  /** How much less they count: the power of 1 - p; 2 unless given, and 0 for the plain entropy. */
  readonly gamma?: number;
}

export interface SigmoidFocalOptions extends FocalOptions {
  /** Weight of the positive class, that of the negative one is 1 - alpha; null for no weights. */
  readonly alpha?: number | null;
}

export interface SoftmaxFocalOptions extends FocalOptions {
  /** A weight for each class, [C], or one for all; the default is none. */
  readonly alpha?: number | Tensor | null;
}

/** entropy · missingᵞ for the probability that is missing to certainty. */
function focused(entropy: Tensor, missing: Tensor, gamma: number): Tensor {
  if (gamma === 0) return entropy;
  // Powers below 1 have no finite slope at 0, where the entropy is 0 anyway.
  return mul(entropy, pow(clampMin(missing, 1e-30), gamma));
}

/**
 * -αₜ (1 - pₜ)ᵞ ln pₜ for logits x, where pₜ is σ(x) for targets 1 and σ(-x) for targets 0. As
 * torchvision's `sigmoid_focal_loss`, whose reduction is "none" unless given; here it is "mean".
 * @param target 0 or 1, or between, in the shape of x
 * @throws ShapeError when the shapes differ; ValueError unless 0 ≤ alpha ≤ 1 and gamma ≥ 0
 * Source: Lin, Goyal, Girshick, He & Dollár 2017, arXiv:1708.02002, eq. 5.
 */
export function sigmoidFocalLoss(
  x: Tensor,
  target: Tensor,
  { alpha = 0.25, gamma = 2, reduction }: SigmoidFocalOptions = {},
): Tensor {
  const op = "sigmoidFocalLoss";
  checkAlike(op, x, target);
  checkPositive(op, "gamma", gamma, "at least");
  if (alpha !== null && !(alpha >= 0 && alpha <= 1)) {
    throw new ValueError(`${op}: alpha is not between 0 and 1; got ${alpha}. Use 0.25, or null.`);
  }
  const entropy = binaryCrossEntropyWithLogits(x, target, { reduction: "none" });
  const mixed = (yes: Tensor, no: Tensor) => add(mul(yes, target), mul(no, sub(1, target)));
  const losses = focused(entropy, mixed(sigmoid(neg(x)), sigmoid(x)), gamma);
  if (alpha === null) return reduceLoss(op, losses, reduction);
  const weights = add(mul(target, 2 * alpha - 1), 1 - alpha);
  return reduceLoss(op, mul(losses, weights), reduction);
}

/**
 * -α[label] (1 - p)ᵞ ln p for p = softmax(x)[label]: the same for several classes.
 * @param x logits [N, C], [N, C, d1…] or [C]  @param labels int32 [N], [N, d1…] or []
 * @throws ShapeError, DTypeError; IndexError for labels outside 0..C-1; ValueError for gamma < 0
 * Source: Lin et al. 2017, arXiv:1708.02002, eq. 4.
 */
export function softmaxFocalLoss(
  x: Tensor,
  labels: Tensor,
  { alpha = null, gamma = 2, reduction }: SoftmaxFocalOptions = {},
): Tensor {
  const op = "softmaxFocalLoss";
  checkPositive(op, "gamma", gamma, "at least");
  if (labels.dtype !== "int32" && labels.dtype !== "uint32") {
    throw new DTypeError(
      `${op}: labels are whole numbers; got ${labels.dtype} ${show(labels.shape)}. ` +
        "Use sigmoidFocalLoss where each class has a target of its own.",
    );
  }
  const entropy = crossEntropy(x, labels, { reduction: "none", ignoreIndex: null });
  const losses = focused(entropy, neg(expm1(neg(entropy))), gamma);
  if (alpha === null) return reduceLoss(op, losses, reduction);
  if (!(alpha instanceof Tensor)) return reduceLoss(op, mul(losses, alpha), reduction);
  checkSize(op, "alpha", alpha, [x.shape[x.rank > 1 ? 1 : 0]!]);
  return reduceLoss(op, mul(losses, take(alpha, labels)), reduction);
}
