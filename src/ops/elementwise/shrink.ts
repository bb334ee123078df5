import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, sub } from "./arithmetic.ts";
import { ge, gt, isNan, le, logicalAnd, lt, where } from "./compare.ts";
import { tanh } from "./elementwise.ts";
import { abs } from "./extrema.ts";

/** Activations that push numbers towards 0. NaN stays in all of them. */

/** x, but 0 where |x| ≤ lambda, with slope 0 there. */
export const hardshrink = (x: Tensor, lambda = 0.5): Tensor =>
  where(logicalAnd(ge(x, -lambda), le(x, lambda)), 0, x);

/**
 * x moved towards 0 by lambda, and 0 where |x| ≤ lambda, with slope 0 there.
 * @throws ValueError for a negative lambda
 */
export function softshrink(x: Tensor, lambda = 0.5): Tensor {
  if (!(lambda >= 0)) {
    throw new ValueError(`softshrink: lambda is negative; got ${lambda}. Use 0 or more.`);
  }
  const inside = where(isNan(x), x, 0);
  return where(gt(x, lambda), sub(x, lambda), where(lt(x, -lambda), add(x, lambda), inside));
}

/** x - tanh x. */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x));

/** x / (1 + |x|). */
export const softsign = (x: Tensor): Tensor => div(x, add(abs(x), 1));

/** x where x > threshold, else `value`; the slope is 0 from the threshold down. */
export const threshold = (x: Tensor, limit: number, value: number): Tensor =>
  where(le(x, limit), value, x);
