import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { zeros } from "../creation/creation.ts";
import { square, sub } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { matmul } from "./matmul.ts";
import { alignBatches, asBatch, checkMatrix, flipped } from "./matrices.ts";
import { qrOfBatch } from "./qr.ts";
import { solveTriangle } from "./triangular.ts";

const upperTriangle = { upper: true, unit: false };

/** The X of [z, m, n] and [z, m, k] with the least ‖A X - B‖, or the least ‖X‖ where m < n. */
function ofBatch(a: Tensor, b: Tensor): Tensor {
  const [, m, n] = a.shape as [number, number, number];
  if (m >= n) {
    const [q, r] = qrOfBatch(a);
    return solveTriangle(r, matmul(flipped(q), b), upperTriangle);
  }
  const [q, r] = qrOfBatch(flipped(a));
  return matmul(q, solveTriangle(flipped(r), b, { upper: false, unit: false }));
}

/**
 * Least squares by QR for matrices of full rank: X with the smallest ‖A X - B‖, and of these the
 * smallest (m < n). `residuals` are the squared distances per column, [..., k], empty [0] unless
 * m > n. For matrices that may lack rank use matmul(pinv(a), b).
 * @param a [..., m, n]  @param b [..., m, k]; leading axes broadcast
 * @returns solution [..., n, k]  @throws ShapeError when the sizes do not fit
 */
export function lstsq(a: Tensor, b: Tensor): { solution: Tensor; residuals: Tensor } {
  checkMatrix("lstsq", a);
  checkMatrix("lstsq", b);
  if (a.shape.at(-2) !== b.shape.at(-2)) {
    throw new ShapeError(
      `lstsq: both need as many rows; got ${show(a.shape)} and ${show(b.shape)}. ` +
        "Give [..., m, n] and [..., m, k].",
    );
  }
  const [left, right] = alignBatches("lstsq", a, b) as [Tensor, Tensor];
  const [m, n] = a.shape.slice(-2) as [number, number];
  const x = ofBatch(asBatch(left), asBatch(right));
  const solution = reshape(x, [...left.shape.slice(0, -2), n, b.shape.at(-1)!]);
  const residuals =
    m > n ? sum(square(sub(matmul(left, solution), right)), -2) : zeros([0], { device: a.device });
  return { solution, residuals };
}
