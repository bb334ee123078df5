import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, square, sub } from "../elementwise/arithmetic.ts";
import { cast, widened } from "../elementwise/cast.ts";
import { eq, where } from "../elementwise/compare.ts";
import { sqrt } from "../elementwise/elementwise.ts";
import { reshape } from "../movement/movement.ts";
import { mean, sum, undefinedOf } from "./reduce.ts";
import { type Axes, attrsOf } from "./reduceRules.ts";

export interface VarianceOptions {
  readonly keepDims?: boolean;
  /** Degrees of freedom that are taken off: 1 (the default) is unbiased. */
  readonly correction?: number;
  /** PyTorch's older name: true is a correction of 1, false of 0. */
  readonly unbiased?: boolean;
}

function correctionOf(op: string, { correction, unbiased }: VarianceOptions): number {
  if (correction === undefined) return unbiased === false ? 0 : 1;
  if (unbiased === undefined) return correction;
  throw new ValueError(
    `${op}: both correction and unbiased are given; got ${correction} and ${unbiased}. ` +
      "Give one: unbiased is a correction of 1.",
  );
}

function moments(op: string, x: Tensor, axes: Axes | undefined, options: VarianceOptions) {
  const { keepDims = false } = options;
  const attrs = attrsOf(op, x, axes, keepDims);
  const wide = widened(x);
  const center = mean(wide, attrs.axes, true);
  const squares = sum(square(sub(wide, center)), attrs.axes, keepDims);
  const count = attrs.axes.reduce((n, d) => n * x.shape[d]!, 1);
  const freedom = count - correctionOf(op, options);
  const spread = freedom > 0 && count > 0 ? div(squares, freedom) : withoutFreedom(squares, count);
  return {
    variance: cast(spread, x.dtype),
    mean: cast(reshape(center, squares.shape), x.dtype),
  };
}

/** What a division by zero gives, chosen rather than divided: a GPU need not know it. */
const withoutFreedom = (squares: Tensor, count: number): Tensor =>
  count === 0
    ? undefinedOf(squares)
    : where(eq(squares, 0), Number.NaN, where(squares, Number.POSITIVE_INFINITY, squares));

/** √v with all slopes 0 at 0, where the elements are equal, as in PyTorch. */
function rootOf(v: Tensor): Tensor {
  const flat = eq(v, 0);
  return where(flat, 0, sqrt(where(flat, 1, v)));
}

/**
 * Σ (x - mean)² / (n - correction) over axes, in two passes: right for large means, too. NaN of no
 * elements, and of one without a correction of 0.
 * @throws ShapeError for an unknown axis; ValueError for both `correction` and `unbiased`
 */
export const variance = (x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor =>
  moments("variance", x, axes, options).variance;

/**
 * The square root of the variance, as `variance`, over axes; its slope is 0 where all elements are
 * equal.
 */
export const std = (x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor =>
  rootOf(moments("std", x, axes, options).variance);

/** Variance and mean over axes; see `variance`. */
export const varMean = (x: Tensor, axes?: Axes, options: VarianceOptions = {}) =>
  moments("varMean", x, axes, options);

/** Standard deviation and mean over axes; see `variance`. */
export function stdMean(x: Tensor, axes?: Axes, options: VarianceOptions = {}) {
  const { variance: v, mean: m } = moments("stdMean", x, axes, options);
  return { std: rootOf(v), mean: m };
}
