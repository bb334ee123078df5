import { isFloat } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import type { Unary } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { onesLike } from "../creation/creation.ts";
import { all } from "../reduce/reduce.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import {
  eq,
  isFinite as finite,
  gt,
  isInf,
  isNan,
  le,
  logicalAnd,
  logicalOr,
  lt,
  where,
} from "./compare.ts";
import { abs } from "./extrema.ts";

/** Which elements are +∞. No gradient. */
export const isPosInf: Unary = (x) => logicalAnd(isInf(x), gt(x, 0));

/** Which elements are -∞. No gradient. */
export const isNegInf: Unary = (x) => logicalAnd(isInf(x), lt(x, 0));

/** Which elements are real: all of them, for there are no complex dtypes. No gradient. */
export const isReal = (x: Tensor): Tensor => onesLike(x, { dtype: "bool" });

const LARGEST = 3.4028234663852886e38;

export interface NanToNumOptions {
  /** In place of NaN; 0 unless given. */
  readonly nan?: number | null;
  /** In place of ∞; the largest float32 unless given. */
  readonly posinf?: number | null;
  /** In place of -∞; the lowest float32 unless given. */
  readonly neginf?: number | null;
}

/** x with numbers in place of NaN and infinities, where the slope is 0; whole numbers stay. */
export function nanToNum(x: Tensor, { nan, posinf, neginf }: NanToNumOptions = {}): Tensor {
  if (!isFloat(x.dtype)) return x;
  const infinite = where(gt(x, 0), posinf ?? LARGEST, neginf ?? -LARGEST);
  return where(finite(x), x, where(isNan(x), nan ?? 0, infinite));
}

export interface ClosenessOptions {
  /** Relative to |b|; 1e-5 unless given. */
  readonly rtol?: number;
  /** Absolute; 1e-8 unless given. */
  readonly atol?: number;
  /** NaN is close to NaN. */
  readonly equalNan?: boolean;
}

/** Whole numbers could leave their range in a difference, and bool has none. */
const floats = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, "float32"));

/**
 * |a - b| ≤ atol + rtol·|b|, element-wise, bool; infinities are close to themselves only. No
 * gradient.
 * @throws ValueError for a negative tolerance
 */
export function isClose(
  a: Tensor,
  b: TensorLike,
  { rtol = 1e-5, atol = 1e-8, equalNan = false }: ClosenessOptions = {},
): Tensor {
  if (!(rtol >= 0 && atol >= 0)) {
    throw new ValueError(
      `isClose: a tolerance is negative; got rtol ${rtol}, atol ${atol}. Use 0 or more.`,
    );
  }
  const size = b instanceof Tensor ? abs(floats(b)) : Math.abs(Number(b));
  const distance = abs(sub(floats(a), b instanceof Tensor ? floats(b) : b));
  const allowed = typeof size === "number" ? atol + rtol * size : add(mul(size, rtol), atol);
  const near = logicalOr(eq(a, b), logicalAnd(finite(distance), le(distance, allowed)));
  if (!equalNan) return near;
  return logicalOr(near, logicalAnd(isNan(a), b instanceof Tensor ? isNan(b) : Number.isNaN(b)));
}

/** Whether all elements are close (see `isClose`), as a bool tensor without axes. No gradient. */
export const allClose = (a: Tensor, b: TensorLike, options?: ClosenessOptions): Tensor =>
  all(isClose(a, b, options));
