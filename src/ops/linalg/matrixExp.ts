import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { eye } from "../creation/creation.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { ge, where } from "../elementwise/compare.ts";
import { clamp } from "../elementwise/extrema.ts";
import { exp2, log2 } from "../elementwise/powersOfTwo.ts";
import { ceil } from "../elementwise/rounding.ts";
import { reshape } from "../movement/movement.ts";
import { matmul } from "./matmul.ts";
import { asBatch, checkSquare, unbatched } from "./matrices.ts";
import { matrixNorm } from "./norms.ts";

/** Terms of the series, for matrices of norm at most 1/2: the next one is below 1e-13. */
const TERMS = 11;
/** Squarings: enough for norms up to 2^15, whose exponentials left float32 long before. */
const MOST_SQUARINGS = 16;

/**
 * e^A = Σ Aᵏ / k!, from the series of A / 2ˢ, squared s times; s follows from the norm of each
 * matrix on the device (Moler & Van Loan 2003, method 3). @param a [..., n, n]
 * @throws ShapeError unless square
 */
export function matrixExp(a: Tensor): Tensor {
  checkSquare("matrixExp", a);
  if (a.size === 0) return a;
  const batch = asBatch(a);
  const [z, n] = batch.shape as [number, number];
  const squarings = noGrad(() => {
    const size = matrixNorm(batch, 1);
    return reshape(clamp(ceil(add(log2(size), 1)), 0, MOST_SQUARINGS), [z, 1, 1]);
  });
  const small = mul(batch, exp2(mul(squarings, -1)));
  const unit = eye(n, n, { device: a.device });
  let out = add(unit, mul(small, 1 / TERMS));
  for (let k = TERMS - 1; k >= 1; k--) out = add(unit, mul(matmul(small, out), 1 / k));
  for (let s = 0; s < MOST_SQUARINGS; s++) {
    // A square that is not wanted may overflow: 0 takes its place before, not after it.
    const wanted = ge(squarings, s + 1);
    const factor = where(wanted, out, 0);
    out = where(wanted, matmul(factor, factor), out);
  }
  return unbatched(out, a);
}
