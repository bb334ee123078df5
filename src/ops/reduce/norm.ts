import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul, square } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ne, where } from "../elementwise/compare.ts";
import { abs, clamp } from "../elementwise/extrema.ts";
import { pow } from "../elementwise/power.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "./reduce.ts";
import { max, min } from "./reduceExtrema.ts";
import { type Axes, type ReduceAttrs, type ReduceOptions, reduceCall } from "./reduceRules.ts";
import { root, sizePower } from "./roots.ts";

/**
 * (Σ |x|^p)^(1/p) over axes, through elements divided by the largest, so that no power overflows
 * or vanishes. p may be any number: ∞ and -∞ give the largest and the smallest |x|, 0 counts the
 * elements that are not 0, and a negative p gives 0 where one is. The slope is 0 at 0, where
 * there is none, and a second derivative NaN.
 * @param p 2 unless another order is given
 * @throws ShapeError for an unknown axis, or of no elements for p < 0 and p = ∞; DTypeError
 * unless x is a float; ValueError for a p that is NaN
 */
export function vectorNorm(
  x: Tensor,
  p = 2,
  axes?: Axes,
  options: boolean | ReduceOptions = false,
): Tensor {
  const [from, attrs] = reduceCall("vectorNorm", x, axes, options);
  checkNorm(from, p, attrs.axes);
  const reduce = (f: typeof max, t: Tensor) => f(t, attrs.axes, attrs.keepDims);
  if (p === 0) return reduce(sum, cast(ne(from, 0), "float32"));
  if (p === 1) return reduce(sum, abs(from));
  if (p === Number.POSITIVE_INFINITY) return reduce(max, abs(from));
  if (p === Number.NEGATIVE_INFINITY) return reduce(min, abs(from));
  return scaledNorm(from, p, attrs);
}

function checkNorm(x: Tensor, p: number, axes: readonly number[]): void {
  if (typeof p !== "number" || Number.isNaN(p)) {
    throw new ValueError(
      `vectorNorm: the order is no number; got ${String(p)}. Use 2, 1, 0, Infinity or another.`,
    );
  }
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `vectorNorm: norms are of floats; got ${x.dtype}. Convert with x.cast("float32").`,
    );
  }
  const none = x.size === 0 && axes.some((d) => x.shape[d] === 0);
  if (none && (p < 0 || p === Number.POSITIVE_INFINITY)) {
    throw new ShapeError(
      `vectorNorm: there is no norm of order ${p} of no elements; got ${show(x.shape)} over axes ` +
        `${show(axes)}. Check the size first.`,
    );
  }
}

/** The norm of x / s times s. As the result does not depend on s, it is taken for a constant. */
function scaledNorm(x: Tensor, p: number, { axes, keepDims }: ReduceAttrs): Tensor {
  const s = x.size === 0 ? null : noGrad(() => scaleOf(abs(x), axes, p > 0 ? max : min));
  const size = s === null ? x : div(x, s);
  const total = sum(powerOf(size, p), axes, keepDims);
  const length = p === 2 ? root(total) : rootOf(total, p);
  return s === null ? length : mul(reshape(s, total.shape), length);
}

function powerOf(x: Tensor, p: number): Tensor {
  if (p === 2) return square(x);
  return p > 2 ? pow(abs(x), p) : sizePower(x, p);
}

/** total^(1/p), with slope 0 where the norm is 0. */
function rootOf(total: Tensor, p: number): Tensor {
  const none = eq(total, p > 0 ? 0 : Number.POSITIVE_INFINITY);
  return where(none, 0, pow(where(none, 1, total), 1 / p));
}

/** The extremum of |x|, kept so far from the ends of float32 that dividing by it is exact enough. */
const scaleOf = (size: Tensor, axes: readonly number[], extremum: typeof max): Tensor =>
  clamp(extremum(size, axes, true), 2 ** -100, 2 ** 125);

/** The p-norm over axes: As `vectorNorm`, under the name of torch.norm; "fro" is p = 2. */
export const norm = (
  x: Tensor,
  p: number | "fro" = 2,
  axes?: Axes,
  options: boolean | ReduceOptions = false,
): Tensor => vectorNorm(x, p === "fro" ? 2 : p, axes, options);
