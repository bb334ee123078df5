import { ShapeError, ValueError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import { add, div, mul, neg, square, sub } from "../ops/elementwise/arithmetic.ts";
import { gt, lt, where } from "../ops/elementwise/compare.ts";
import { exp, log } from "../ops/elementwise/elementwise.ts";
import { abs, clampMin } from "../ops/elementwise/extrema.ts";
import { softplus } from "../ops/elementwise/special.ts";
import { type LossOptions, l1Loss, reduceLoss } from "../ops/losses/losses.ts";
import { sum } from "../ops/reduce/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";

export {
  type CrossEntropyOptions,
  crossEntropy,
  type LossOptions,
  type LossReduction,
  l1Loss,
  mseLoss,
  mseLoss as mse,
  nllLoss,
} from "../ops/losses/losses.ts";

function checkAlike(op: string, x: Tensor, target: Tensor): void {
  if (sameShape(x.shape, target.shape)) return;
  throw new ShapeError(
    `${op}: prediction and target differ in shape; got ${show(x.shape)} and ` +
      `${show(target.shape)}. Reshape one of them: broadcasting here hides mistakes.`,
  );
}

function checkPositive(op: string, name: string, value: number, least: string): void {
  if (value > 0 || (least === "at least" && value === 0)) return;
  throw new ValueError(`${op}: ${name} is not ${least} 0; got ${value}. Use a number such as 1.`);
}

/**
 * -(y ln σ(x) + (1 - y) ln(1 - σ(x))) for logits x and probabilities y, without overflow.
 * `posWeight` weighs the positive part, per class. @throws ShapeError when the shapes differ
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  options: LossOptions & {
    readonly weight?: Tensor | null;
    readonly posWeight?: Tensor | null;
  } = {},
): Tensor {
  checkAlike("binaryCrossEntropyWithLogits", x, target);
  const { reduction = "mean", weight = null, posWeight = null } = options;
  const negative = mul(sub(1, target), softplus(x));
  const positive = mul(target, softplus(neg(x)));
  const losses = add(negative, posWeight === null ? positive : mul(posWeight, positive));
  const weighed = weight === null ? losses : mul(weight, losses);
  return reduceLoss("binaryCrossEntropyWithLogits", weighed, reduction);
}

/**
 * -(y ln p + (1 - y) ln(1 - p)) for probabilities; logarithms stop at -100, as in PyTorch.
 * @throws ShapeError when the shapes differ
 */
export function binaryCrossEntropy(
  p: Tensor,
  target: Tensor,
  options: LossOptions & { readonly weight?: Tensor | null } = {},
): Tensor {
  checkAlike("binaryCrossEntropy", p, target);
  const { reduction = "mean", weight = null } = options;
  const bounded = (q: Tensor) => clampMin(log(q), -100);
  const losses = neg(add(mul(target, bounded(p)), mul(sub(1, target), bounded(sub(1, p)))));
  const weighed = weight === null ? losses : mul(weight, losses);
  return reduceLoss("binaryCrossEntropy", weighed, reduction);
}

/**
 * d²/2 where |d| ≤ delta, else delta (|d| - delta/2), of d = x - target.
 * Source: Huber 1964, "Robust estimation of a location parameter".
 */
export function huberLoss(
  x: Tensor,
  target: Tensor,
  { delta = 1, reduction = "mean" }: LossOptions & { readonly delta?: number } = {},
): Tensor {
  checkAlike("huberLoss", x, target);
  checkPositive("huberLoss", "delta", delta, "above");
  const d = sub(x, target);
  const far = mul(sub(abs(d), delta / 2), delta);
  return reduceLoss("huberLoss", where(gt(abs(d), delta), far, mul(square(d), 0.5)), reduction);
}

/** d² / (2 beta) where |d| < beta, else |d| - beta/2, of d = x - target; l1Loss for beta 0. */
export function smoothL1Loss(
  x: Tensor,
  target: Tensor,
  { beta = 1, reduction = "mean" }: LossOptions & { readonly beta?: number } = {},
): Tensor {
  checkAlike("smoothL1Loss", x, target);
  checkPositive("smoothL1Loss", "beta", beta, "at least");
  if (beta === 0) return l1Loss(x, target, { reduction });
  const d = sub(x, target);
  const near = mul(square(d), 0.5 / beta);
  const losses = where(lt(abs(d), beta), near, sub(abs(d), beta / 2));
  return reduceLoss("smoothL1Loss", losses, reduction);
}

/**
 * p (ln p - logq) for log probabilities `logq` and target p (or, with `logTarget`, ln p).
 * "batchMean" divides the sum by the first size: the divergence per sample.
 */
export function klDiv(
  logq: Tensor,
  target: Tensor,
  options: {
    readonly reduction?: LossOptions["reduction"] | "batchMean";
    readonly logTarget?: boolean;
  } = {},
): Tensor {
  checkAlike("klDiv", logq, target);
  const { reduction = "mean", logTarget = false } = options;
  const losses = logTarget ? mul(exp(target), sub(target, logq)) : divergence(logq, target);
  if (reduction === "batchMean") return div(sum(losses), logq.shape[0] ?? 1);
  return reduceLoss("klDiv", losses, reduction);
}

/** 0 ln 0 counts as 0; the logarithm's argument must stay positive for the gradient, too. */
function divergence(logq: Tensor, p: Tensor): Tensor {
  const positive = gt(p, 0);
  const entropy = where(positive, mul(p, log(where(positive, p, 1))), 0);
  return sub(entropy, mul(p, logq));
}
