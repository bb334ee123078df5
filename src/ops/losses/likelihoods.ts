import { ShapeError } from "../../core/errors.ts";
import { broadcast, sameShape, show } from "../../core/shape.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, square, sub } from "../elementwise/arithmetic.ts";
import { gt, where } from "../elementwise/compare.ts";
import { exp, log } from "../elementwise/elementwise.ts";
import { clampMin } from "../elementwise/extrema.ts";
import { xlogy } from "../elementwise/logarithms.ts";
import { unsqueeze } from "../movement/join.ts";
import { sum } from "../reduce/reduce.ts";
import { checkAlike, checkPositive, type LossOptions, reduceLoss } from "./lossRules.ts";

/** Losses that are negative log likelihoods, or distances of distributions. */

export interface KlDivOptions {
  /** "batchmean" divides the sum by the first size: the divergence per sample. */
  readonly reduction?: LossOptions["reduction"] | "batchmean" | "batchMean";
  /** The target is given by its logarithms, too. */
  readonly logTarget?: boolean;
}

/**
 * t (ln t - logq) for log probabilities `logq` and a target t; 0 where t is 0.
 * @throws ShapeError when the shapes differ; ValueError for an unknown reduction
 */
export function klDiv(logq: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  checkAlike("klDiv", logq, target);
  const { reduction, logTarget = false } = options;
  const losses = logTarget
    ? mul(exp(target), sub(target, logq))
    : sub(xlogy(target, target), mul(target, logq));
  if (reduction === "batchmean" || reduction === "batchMean") {
    return div(sum(losses), logq.shape[0] ?? 1);
  }
  return reduceLoss("klDiv", losses, reduction);
}

export interface PoissonOptions extends LossOptions {
  /** Whether x is the logarithm of the rate (the default), or the rate. */
  readonly logInput?: boolean;
  /** Adds Stirling's approximation of ln target! for targets above 1. */
  readonly full?: boolean;
  /** Added to a rate before its logarithm is taken. */
  readonly eps?: number;
}

/**
 * eˣ - target·x for log rates x, or x - target·ln(x + eps) for rates.
 * @throws ShapeError when the shapes differ
 */
export function poissonNllLoss(x: Tensor, target: Tensor, options: PoissonOptions = {}): Tensor {
  checkAlike("poissonNllLoss", x, target);
  const { reduction, logInput = true, full = false, eps = 1e-8 } = options;
  checkPositive("poissonNllLoss", "eps", eps, "at least");
  const losses = logInput ? sub(exp(x), mul(target, x)) : sub(x, mul(target, log(add(x, eps))));
  const all = full ? add(losses, stirling(target)) : losses;
  return reduceLoss("poissonNllLoss", all, reduction);
}

/** t ln t - t + ln(2πt)/2 where t is above 1, else 0; the slope, too. */
function stirling(target: Tensor): Tensor {
  const large = gt(target, 1);
  const t = where(large, target, 1);
  const value = add(sub(mul(t, log(t)), t), mul(log(mul(t, 2 * Math.PI)), 0.5));
  return where(large, value, 0);
}

/**
 * (ln v + (x - target)²/v)/2 for means x and variances v, which count as eps where they are
 * smaller; the gradient passes them as if they did not.
 * @param variance the shape of x, with a last axis of 1, or without the last axis
 * @throws ShapeError, ValueError  Source: Nix and Weigend 1994.
 */
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor,
  {
    reduction,
    full = false,
    eps = 1e-6,
  }: LossOptions & {
    /** Adds the constant ln(2π)/2. */
    readonly full?: boolean;
    readonly eps?: number;
  } = {},
): Tensor {
  broadcast("gaussianNllLoss", [x.shape, target.shape]);
  checkPositive("gaussianNllLoss", "eps", eps, "above");
  const given = fitted(x, variance);
  const lift = noGrad(() => sub(clampMin(given, eps), given));
  const v = add(given, lift);
  const losses = mul(add(log(v), div(square(sub(x, target)), v)), 0.5);
  const all = full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses;
  return reduceLoss("gaussianNllLoss", all, reduction);
}

/** The variances in a shape that broadcasts against x. */
function fitted(x: Tensor, variance: Tensor): Tensor {
  const outer = x.shape.slice(0, -1);
  if (sameShape(variance.shape, x.shape) || sameShape(variance.shape, [...outer, 1])) {
    return variance;
  }
  if (x.rank > 0 && sameShape(variance.shape, outer)) return unsqueeze(variance, -1);
  throw new ShapeError(
    `gaussianNllLoss: the variances do not fit; got ${show(variance.shape)} for ${show(x.shape)}. ` +
      `Give ${show(x.shape)}, ${show([...outer, 1])} or ${show(outer)}.`,
  );
}
