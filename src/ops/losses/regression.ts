import type { Tensor } from "../../tensor/tensor.ts";
import { mul, square, sub } from "../elementwise/arithmetic.ts";
import { gt, lt, where } from "../elementwise/compare.ts";
import { abs } from "../elementwise/extrema.ts";
import { checkAlike, checkPositive, type LossOptions, reduceLoss } from "./lossRules.ts";

/** Losses of numbers, by their distance from the target. */

function ofDifference(op: string, f: (d: Tensor) => Tensor) {
  return (x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor => {
    checkAlike(op, x, target);
    return reduceLoss(op, f(sub(x, target)), reduction);
  };
}

/** (x - target)², its mean (or sum, or each). @throws ShapeError when the shapes differ */
export const mseLoss = ofDifference("mseLoss", square);

/** |x - target|, its mean (or sum, or each). @throws ShapeError when the shapes differ */
export const l1Loss = ofDifference("l1Loss", abs);

/**
 * d²/2 where |d| ≤ delta, else delta (|d| - delta/2), of d = x - target.
 * @throws ShapeError when the shapes differ; ValueError unless delta is above 0
 * Source: Huber 1964, "Robust estimation of a location parameter".
 */
export function huberLoss(
  x: Tensor,
  target: Tensor,
  { delta = 1, reduction }: LossOptions & { readonly delta?: number } = {},
): Tensor {
  checkAlike("huberLoss", x, target);
  checkPositive("huberLoss", "delta", delta, "above");
  const d = sub(x, target);
  const far = mul(sub(abs(d), delta / 2), delta);
  return reduceLoss("huberLoss", where(gt(abs(d), delta), far, mul(square(d), 0.5)), reduction);
}

/**
 * d² / (2 beta) where |d| < beta, else |d| - beta/2, of d = x - target; l1Loss for beta 0.
 * @throws ShapeError when the shapes differ; ValueError for a negative beta
 */
export function smoothL1Loss(
  x: Tensor,
  target: Tensor,
  { beta = 1, reduction }: LossOptions & { readonly beta?: number } = {},
): Tensor {
  checkAlike("smoothL1Loss", x, target);
  checkPositive("smoothL1Loss", "beta", beta, "at least");
  const d = sub(x, target);
  if (beta === 0) return reduceLoss("smoothL1Loss", abs(d), reduction);
  const near = mul(square(d), 0.5 / beta);
  const losses = where(lt(abs(d), beta), near, sub(abs(d), beta / 2));
  return reduceLoss("smoothL1Loss", losses, reduction);
}
