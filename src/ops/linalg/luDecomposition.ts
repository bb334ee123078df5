import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { cast } from "../elementwise/cast.ts";
import { eq } from "../elementwise/compare.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { tril, triu } from "../movement/triangle.ts";
import { factorize, luFits, luPivots } from "./lu.ts";
import { asBatch, checkMatrix, unbatched, withDiagonal } from "./matrices.ts";

function checkFilled(op: string, a: Tensor): void {
  checkMatrix(op, a);
  if (a.size > 0) return;
  throw new ShapeError(`${op}: there is nothing to decompose; got ${show(a.shape)}.`);
}

/**
 * A = P L U with partial pivoting: P [..., m, m] permutes rows, L [..., m, k] is lower triangular
 * with ones on its diagonal, U [..., k, n] upper triangular, k the smaller of m and n.
 * @param a [..., m, n]  @returns [P, L, U]; P has no gradient
 * @throws ShapeError for fewer than two axes
 */
export function lu(a: Tensor): [Tensor, Tensor, Tensor] {
  checkFilled("lu", a);
  const batch = asBatch(a);
  const [z, m, n] = batch.shape as [number, number, number];
  const k = Math.min(m, n);
  const { factors, order } = factorize(batch);
  const rows = reshape(iota(m, a.device), [m, 1]);
  const p = cast(eq(rows, reshape(order, [z, 1, m])), "float32");
  const l = withDiagonal(tril(narrow(factors, 2, 0, k), -1), 1);
  const u = triu(narrow(factors, 1, 0, k));
  return [unbatched(p, a), unbatched(l, a), unbatched(u, a)];
}

/**
 * `lu` in LAPACK's form: L below and U on and above the diagonal of one matrix, and the row,
 * counted from 1, that each step swapped with its own.
 * @param a [..., m, n] of about 4000 elements at most  @returns [LU [..., m, n], pivots [..., k]]
 * @throws ShapeError for fewer than two axes, or too large matrices
 */
export function luFactor(a: Tensor): [Tensor, Tensor] {
  checkFilled("luFactor", a);
  const batch = asBatch(a);
  const [, m, n] = batch.shape as [number, number, number];
  const k = Math.min(m, n);
  if (!luFits(m, k)) {
    throw new ShapeError(
      `luFactor: the matrices are too large, up to 63 by 63 fit; got ${show(a.shape)}. ` +
        "Use lu or solve, which take any size.",
    );
  }
  const pivots = luPivots(narrow(batch, 2, 0, k));
  return [unbatched(factorize(batch).factors, a), unbatched(pivots, a)];
}
