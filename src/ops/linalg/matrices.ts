import type { DType } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Spec } from "../../core/ir.ts";
import { broadcast, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { DTypeRule } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { eq, where } from "../elementwise/compare.ts";
import { diagonal } from "../movement/diagonal.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape, transpose } from "../movement/movement.ts";

/** What the functions of matrices share: checks, batches, triangles. */

/** @throws ShapeError unless x has at least two axes */
export function checkMatrix(op: string, x: Tensor): void {
  if (x.rank >= 2) return;
  throw new ShapeError(
    `${op}: it takes matrices [..., m, n]; got ${show(x.shape)}. Reshape it to at least two axes.`,
  );
}

/** @throws ShapeError unless x holds square matrices */
export function checkSquare(op: string, x: Tensor): void {
  checkMatrix(op, x);
  if (x.shape.at(-1) === x.shape.at(-2)) return;
  throw new ShapeError(
    `${op}: it takes square matrices [..., n, n]; got ${show(x.shape)}. Make both axes equal.`,
  );
}

/** All leading axes as one: [z, m, n]. */
export const asBatch = (x: Tensor): Tensor =>
  x.rank === 3 ? x : reshape(x, [sizeOf(x.shape.slice(0, -2)), ...x.shape.slice(-2)]);

/** The leading axes of x in the place of the one axis of a result. */
export const unbatched = (out: Tensor, like: Tensor): Tensor =>
  reshape(out, [...like.shape.slice(0, -2), ...out.shape.slice(1)]);

/** Calls a function of [z, m, n] on matrices with any leading axes. */
export const overBatch = (f: (x: Tensor) => Tensor, x: Tensor): Tensor =>
  unbatched(f(asBatch(x)), x);

/** Repeats leading axes, so that all tensors have the same ones. */
export function alignBatches(op: string, ...tensors: readonly Tensor[]): Tensor[] {
  const lead = broadcast(
    op,
    tensors.map((x) => x.shape.slice(0, -2)),
  );
  return tensors.map((x) => expand(x, [...lead, ...x.shape.slice(-2)]));
}

const rowOf = (x: Tensor): Tensor => reshape(iota(x.shape.at(-2)!, x.device), [x.shape.at(-2)!, 1]);
const columnOf = (x: Tensor): Tensor => iota(x.shape.at(-1)!, x.device);

/** The main diagonal of the last two axes. */
export const diagonalOf = (x: Tensor): Tensor => diagonal(x, { axes: [-2, -1] });

/** `value` on the diagonal, x elsewhere. */
export const withDiagonal = (x: Tensor, value: Tensor | number): Tensor =>
  where(eq(rowOf(x), columnOf(x)), value, x);

/** The product with a diagonal matrix at the right: column j of x times s[…, j]. */
export const timesDiagonal = (x: Tensor, s: Tensor): Tensor => mul(x, unsqueeze(s, -2));

/** Aᵀ of the last two axes. */
export const flipped = (x: Tensor): Tensor => transpose(x, -2, -1);

/** Decompositions are computed in float32, whatever float they are given. */
export const inFloat32 = (dtypes: readonly DType[]): DTypeRule => ({
  operands: dtypes.map(() => "float32"),
  result: "float32",
});

export const float32 = (...shape: Shape): Spec => ({ shape, dtype: "float32" });
