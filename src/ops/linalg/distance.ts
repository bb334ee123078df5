import { ShapeError, ValueError } from "../../core/errors.ts";
import { broadcast, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { square, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, ne, where } from "../elementwise/compare.ts";
import { sqrt } from "../elementwise/elementwise.ts";
import { abs } from "../elementwise/extrema.ts";
import { pow } from "../elementwise/power.ts";
import { unsqueeze } from "../movement/join.ts";
import { sum } from "../reduce/reduce.ts";
import { max } from "../reduce/reduceExtrema.ts";

/** f(x) where x ≠ 0, else 0, with slope 0 there at every order. */
function awayFromZero(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const zero = eq(x, 0);
  return where(zero, 0, f(where(zero, 1, x)));
}

/**
 * Distances between all rows of a and all rows of b in the p-norm, out[…, i, j] = ‖a[…, i] -
 * b[…, j]‖ₚ; `p` from 0 (how many coordinates differ) to Infinity (the largest difference).
 * The gradient is 0 where two rows, or for p < 1 two coordinates, are equal.
 * @param a [..., n, d]  @param b [..., m, d]; leading axes broadcast  @returns [..., n, m]
 * @throws ShapeError when d differs, ValueError for a negative p
 */
export function cdist(a: Tensor, b: Tensor, p = 2): Tensor {
  const width = a.shape.at(-1);
  if (a.rank < 2 || b.rank < 2 || width !== b.shape.at(-1)) {
    throw new ShapeError(
      `cdist: it takes rows [..., n, d] and [..., m, d]; got ${show(a.shape)} and ` +
        `${show(b.shape)}. Make the last axes equal.`,
    );
  }
  if (!(p >= 0)) throw new ValueError(`cdist: the norm ${p} is negative. Use 0 to Infinity.`);
  broadcast("cdist", [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const difference = sub(unsqueeze(a, -2), unsqueeze(b, -3));
  if (p === 0) return sum(cast(ne(difference, 0), "float32"), -1);
  if (p === 1 || width === 0) return sum(abs(difference), -1);
  if (p === 2) return awayFromZero(sum(square(difference), -1), sqrt);
  const size = abs(difference);
  if (p === Number.POSITIVE_INFINITY) return max(size, -1);
  const total = sum(
    awayFromZero(size, (x) => pow(x, p)),
    -1,
  );
  return awayFromZero(total, (x) => pow(x, 1 / p));
}
