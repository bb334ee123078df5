import { isFloat } from "../../core/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, isNan, logicalNot, ne, where } from "../elementwise/compare.ts";
import { sum } from "./reduce.ts";
import type { Axes, ReduceOptions } from "./reduceRules.ts";

/**
 * Sum over axes of the elements that are not NaN, which also take no gradient.
 * @throws ShapeError for an unknown axis
 */
export const nansum = (x: Tensor, axes?: Axes, options: boolean | ReduceOptions = false): Tensor =>
  sum(isFloat(x.dtype) ? where(isNan(x), 0, x) : x, axes, options);

/**
 * Mean over axes of the elements that are not NaN; NaN where there are none.
 * @throws ShapeError for an unknown axis
 */
export function nanmean(x: Tensor, axes?: Axes, options: boolean | ReduceOptions = false): Tensor {
  const count = sum(cast(logicalNot(isNan(x)), "float32"), axes, options);
  const none = eq(count, 0);
  return where(none, Number.NaN, div(nansum(x, axes, options), where(none, 1, count)));
}

/**
 * How many elements over axes are not 0, int32; NaN is not 0. No gradient.
 * @throws ShapeError for an unknown axis
 */
export const countNonzero = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  sum(cast(ne(x, 0), "int32"), axes, keepDims);
