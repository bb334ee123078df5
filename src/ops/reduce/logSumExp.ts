import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, sub } from "../elementwise/arithmetic.ts";
import { isFinite as finite, where } from "../elementwise/compare.ts";
import { exp, log } from "../elementwise/elementwise.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "./reduce.ts";
import { max } from "./reduceExtrema.ts";
import { type Axes, attrsOf } from "./reduceRules.ts";

/**
 * ln Σ e^x over axes, through the maximum, so that nothing overflows; -∞ of no elements.
 * @throws ShapeError for an unknown axis
 */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const attrs = attrsOf("logSumExp", x, axes, keepDims);
  if (x.size === 0) return log(sum(exp(x), attrs.axes, keepDims));
  // The sum does not depend on what is taken off before and added after: that has no gradient.
  const shift = noGrad(() => {
    const top = max(x, attrs.axes, true);
    return where(finite(top), top, 0); // an infinite one would give ∞ - ∞
  });
  const total = sum(exp(sub(x, shift)), attrs.axes, keepDims);
  return add(log(total), reshape(shift, total.shape));
}
