import { isFloat } from "../../core/dtype.ts";
import type { Binary } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { sub as difference, div, mul, add as sum } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { ge, isNan, le, logicalOr, lt, where } from "./compare.ts";
import { abs } from "./extrema.ts";
import { pow } from "./power.ts";

/** Element-wise functions of two or three tensors that are made of others. */

export interface AlphaOptions {
  /** Multiplies the second operand first. */
  readonly alpha?: number;
}

type Scaled = (a: TensorLike, b: TensorLike, options?: AlphaOptions) => Tensor;

const times = (x: TensorLike, factor: number): TensorLike => {
  if (factor === 1) return x;
  return typeof x === "number" ? x * factor : mul(x, factor);
};

/** a + alpha·b, element-wise; alpha is 1 unless given. Numbers take the tensor's dtype. */
export const add: Scaled = (a, b, { alpha = 1 } = {}) => sum(a, times(b, alpha));

/** a - alpha·b, element-wise. */
export const sub: Scaled = (a, b, { alpha = 1 } = {}) => difference(a, times(b, alpha));

/** b - alpha·a, element-wise: `sub` with its operands reversed. */
export const rsub: Scaled = (a, b, options) => sub(b, a, options);

/**
 * a + weight·(b - a), element-wise; for weights from ½ on it is taken from b, which weight 1 then
 * gives exactly.
 * @param weight a number, or a tensor that broadcasts with the others
 */
export function lerp(a: Tensor, b: Tensor, weight: TensorLike): Tensor {
  const step = difference(b, a);
  const fromA = () => sum(a, mul(step, weight));
  if (typeof weight !== "object") {
    const w = Number(weight);
    return Math.abs(w) < 0.5 ? fromA() : difference(b, mul(step, 1 - w));
  }
  const fromB = difference(b, mul(step, difference(1, weight)));
  return where(lt(abs(weight), 0.5), fromA(), fromB);
}

export interface ValueOptions {
  /** Multiplies the product or quotient; 1 unless given. */
  readonly value?: number;
}

/** x + value·a·b, element-wise; all three broadcast. */
export const addcmul = (
  x: Tensor,
  a: TensorLike,
  b: TensorLike,
  { value = 1 }: ValueOptions = {},
): Tensor => sum(x, times(mul(a, b), value));

/** x + value·a / b, element-wise, float; all three broadcast. */
export const addcdiv = (
  x: Tensor,
  a: TensorLike,
  b: TensorLike,
  { value = 1 }: ValueOptions = {},
): Tensor => sum(x, times(div(a, b), value));

const float = (x: TensorLike): TensorLike =>
  x instanceof Tensor && !isFloat(x.dtype) ? cast(x, "float32") : x;

/** aᵇ, element-wise, always float: 2 to the power -1 is 0.5 for whole numbers too. */
export const floatPower: Binary = (a, b) => pow(float(a), float(b));

/** The larger one, element-wise, or the other where one is NaN; at a tie the slope goes to a. */
export const fmax: Binary = (a, b) => where(logicalOr(ge(a, b), lost(b)), a, b);

/** The smaller one, element-wise, or the other where one is NaN; at a tie the slope goes to a. */
export const fmin: Binary = (a, b) => where(logicalOr(le(a, b), lost(b)), a, b);

const lost = (x: TensorLike): TensorLike => (typeof x === "object" ? isNan(x) : Number.isNaN(x));
