import type { Unary } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { constantLike } from "../rules.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { isFinite as finite, gt, lt, where } from "./compare.ts";
import { exp, log, sqrt } from "./elementwise.ts";
import { abs, maximum } from "./extrema.ts";
import { log1p } from "./special.ts";

/** 2ˣ. */
export const exp2: Unary = (x) => exp(mul(x, Math.LN2));
/** Binary logarithm. */
export const log2: Unary = (x) => div(log(x), Math.LN2);
/** Decimal logarithm. */
export const log10: Unary = (x) => div(log(x), Math.LN10);
/**
 * √(a² + b²), through numbers scaled by a power of two, so that no square overflows or vanishes.
 * Its slope at (0, 0) is NaN.
 */
export function hypot(a: TensorLike, b: TensorLike): Tensor {
  const size = (x: TensorLike) => (typeof x === "number" ? Math.abs(x) : abs(x));
  const top = maximum(size(a), size(b));
  const factor = (value: number) => constantLike(value, top, "float32");
  const up = where(lt(top, 2 ** -60), factor(2 ** 90), 1);
  const scale = where(gt(top, 2 ** 60), factor(2 ** -90), up);
  return div(sqrt(add(square(mul(a, scale)), square(mul(b, scale)))), scale);
}

/** ln(eᵃ + eᵇ) through the larger one, so that nothing overflows. */
export function logAddExp(a: Tensor, b: Tensor): Tensor {
  const top = maximum(a, b);
  const apart = neg(abs(sub(a, b)));
  // ∞ - ∞ is NaN: two equal infinities give themselves.
  return add(top, where(finite(top), log1p(exp(apart)), 0));
}
