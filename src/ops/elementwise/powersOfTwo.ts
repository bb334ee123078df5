import { exp2Helper, exp2Uses } from "../../../kernels/math/logHelpers.ts";
import type { Unary } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { constantLike } from "../rules.ts";
import { exactly, uniform } from "../samples.ts";
import { add, div, mul, square } from "./arithmetic.ts";
import { gt, isInf, logicalOr, lt, where } from "./compare.ts";
import { log, sqrt } from "./elementwise.ts";
import { abs, maximum } from "./extrema.ts";
import { unary } from "./unary.ts";

/** 2ˣ, element-wise; exact for whole x. */
export const exp2: Unary = unary("exp2", {
  wgsl: exp2Helper,
  uses: exp2Uses,
  js: (x) => 2 ** x,
  slope: ({ g, out }) => mul(g, mul(out, Math.LN2)),
  derivative: "g·2ˣ·ln 2",
  samples: () => [
    [uniform([3, 5])],
    [uniform([3, 4], -2, 2, "transposed")],
    [exactly([4], [0.5, -7, 9, -20.3])],
    [uniform([0])],
  ],
});

/** Binary logarithm. */
export const log2: Unary = (x) => div(log(x), Math.LN2);
/** Decimal logarithm. */
export const log10: Unary = (x) => div(log(x), Math.LN10);

/** Degrees to radians. */
export const deg2rad: Unary = (x) => mul(x, Math.PI / 180);
/** Radians to degrees. */
export const rad2deg: Unary = (x) => mul(x, 180 / Math.PI);

/** x·2ⁿ, element-wise. */
export const ldexp = (x: Tensor, n: Tensor): Tensor => mul(x, exp2(n));

/**
 * √(a² + b²), through numbers scaled by a power of two, so that no square overflows or vanishes;
 * ∞ where either is infinite, even beside a NaN. Its slope at (0, 0) is NaN.
 */
export function hypot(a: TensorLike, b: TensorLike): Tensor {
  const size = (x: TensorLike) => (typeof x === "number" ? Math.abs(x) : abs(x));
  const [x, y] = [size(a), size(b)];
  const top = maximum(x, y);
  const factor = (value: number) => constantLike(value, top, "float32");
  const up = where(lt(top, 2 ** -60), factor(2 ** 90), 1);
  const scale = where(gt(top, 2 ** 60), factor(2 ** -90), up);
  const finite = div(sqrt(add(square(mul(a, scale)), square(mul(b, scale)))), scale);
  return where(logicalOr(isInf(x), isInf(y)), Number.POSITIVE_INFINITY, finite);
}
