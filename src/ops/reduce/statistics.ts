import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul, square, sub } from "../elementwise/arithmetic.ts";
import { sqrt } from "../elementwise/elementwise.ts";
import { mean, sum, undefinedOf } from "./reduce.ts";
import { type Axes, attrsOf } from "./reduceRules.ts";

export interface VarianceOptions {
  readonly keepDims?: boolean;
  /** Degrees of freedom that are taken off: 1 (the default) is unbiased. */
  readonly correction?: number;
}

/** Σ (x - mean)² / (n - correction) over axes, in two passes: right for large means, too. */
export function variance(
  x: Tensor,
  axes?: Axes,
  { keepDims = false, correction = 1 }: VarianceOptions = {},
): Tensor {
  const attrs = attrsOf("variance", x, axes, keepDims);
  const count = attrs.axes.reduce((n, d) => n * x.shape[d]!, 1);
  const squares = sum(square(sub(x, mean(x, attrs.axes, true))), attrs.axes, keepDims);
  const freedom = count - correction;
  if (freedom > 0) return div(squares, freedom);
  if (count === 0) return undefinedOf(squares);
  return mul(squares, correction ? Number.NaN : 0);
}

/** √variance over axes. */
export const std = (x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor =>
  sqrt(variance(x, axes, options));
