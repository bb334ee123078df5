import { ShapeError } from "../../core/errors.ts";
import { sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { atleast1d, atleast2d, atleast3d } from "./axes.ts";
import { cat } from "./join.ts";
import { reshape } from "./movement.ts";
import { zeroPad } from "./window.ts";

function some(op: string, tensors: readonly Tensor[]): void {
  if (tensors.length > 0) return;
  throw new ShapeError(`${op}: no tensors; got []. Give at least one.`);
}

/** Side by side: along axis 1, vectors along axis 0. @throws ShapeError when they do not fit */
export function hstack(tensors: readonly Tensor[]): Tensor {
  some("hstack", tensors);
  const parts = tensors.map(atleast1d);
  return cat(parts, parts[0]!.rank === 1 ? 0 : 1);
}

/**
 * One below the other: along axis 0, a vector being one row.
 * @throws ShapeError when they do not fit, or there are none
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  some("vstack", tensors);
  return cat(tensors.map(atleast2d), 0);
}

/** Another name of `vstack`, as in PyTorch. */
export const rowStack = vstack;

/**
 * One behind the other: along axis 2, a vector [n] being [1, n, 1].
 * @throws ShapeError when they do not fit, or there are none
 */
export function dstack(tensors: readonly Tensor[]): Tensor {
  some("dstack", tensors);
  return cat(tensors.map(atleast3d), 2);
}

/**
 * Vectors as the columns of a matrix, beside matrices.
 * @throws ShapeError when they do not fit, or there are none
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  some("columnStack", tensors);
  return cat(
    tensors.map((t) => (t.rank <= 1 ? reshape(t, [sizeOf(t.shape), 1]) : t)),
    1,
  );
}

/**
 * A matrix with the given ones along its diagonal and 0 elsewhere; vectors are rows.
 * @throws ShapeError for more than two axes
 */
export function blockDiag(tensors: readonly Tensor[]): Tensor {
  some("blockDiag", tensors);
  const blocks = tensors.map((t) => {
    if (t.rank <= 2) return atleast2d(t);
    throw new ShapeError(
      `blockDiag: only scalars, vectors and matrices; got rank ${t.rank}. Reshape it to two axes.`,
    );
  });
  const columns = blocks.reduce((n, b) => n + b.shape[1]!, 0);
  let before = 0;
  const rows = blocks.map((b) => {
    const left = before;
    before += b.shape[1]!;
    return zeroPad(b, [0, left], [0, columns - before]);
  });
  return cat(rows, 0);
}
