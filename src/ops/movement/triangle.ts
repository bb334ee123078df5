import { ShapeError } from "../../core/errors.ts";
import { checkShape, show } from "../../core/shape.ts";
import type { Device } from "../../tensor/device.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensor } from "../creation/creation.ts";
import { indexAlong } from "../creation/iota.ts";
import { add } from "../elementwise/arithmetic.ts";
import { ge, le, where } from "../elementwise/compare.ts";
import { rangeOf, withRange } from "../range.ts";
import { constantLike } from "../rules.ts";

function triangle(op: "tril" | "triu", x: Tensor, offset: number): Tensor {
  if (x.rank < 2) {
    throw new ShapeError(
      `${op}: a triangle needs two axes; got ${show(x.shape)}. Reshape it to a matrix.`,
    );
  }
  checkOffset(op, offset);
  const edge = add(indexAlong(x, x.rank - 2), constantLike(offset, x, "int32"));
  const column = indexAlong(x, x.rank - 1);
  const kept = where(op === "tril" ? le(column, edge) : ge(column, edge), x, constantLike(0, x));
  const range = rangeOf(x);
  return withRange(kept, range && [Math.min(range[0], 0), Math.max(range[1], 0)]);
}

function checkOffset(op: string, offset: number): void {
  if (Number.isInteger(offset)) return;
  throw new ShapeError(`${op}: diagonal ${offset} is not a whole number. Use 0, 1 or -1.`);
}

/**
 * Matrices with 0 above a diagonal: x[..., i, j] where j - i ≤ diagonal.
 * @throws ShapeError for fewer than two axes
 */
export const tril = (x: Tensor, diagonal = 0): Tensor => triangle("tril", x, diagonal);

/**
 * Matrices with 0 below a diagonal: x[..., i, j] where j - i ≥ diagonal.
 * @throws ShapeError for fewer than two axes
 */
export const triu = (x: Tensor, diagonal = 0): Tensor => triangle("triu", x, diagonal);

export interface TriangleOptions {
  readonly diagonal?: number;
  readonly device?: Device;
}

function indices(
  op: string,
  rows: number,
  columns: number,
  options: TriangleOptions,
  inside: (distance: number) => boolean,
): Tensor {
  checkShape(op, [rows, columns]);
  checkOffset(op, options.diagonal ?? 0);
  const places: [number[], number[]] = [[], []];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (!inside(j - i)) continue;
      places[0].push(i);
      places[1].push(j);
    }
  }
  const { device } = options;
  const shape = [2, places[0].length];
  return tensor(Int32Array.from(places.flat()), { shape, dtype: "int32", device });
}

/**
 * Rows and columns of the elements of a lower triangle, row by row: [2, count] int32.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const trilIndices = (rows: number, columns = rows, options: TriangleOptions = {}): Tensor =>
  indices("trilIndices", rows, columns, options, (d) => d <= (options.diagonal ?? 0));

/**
 * Rows and columns of the elements of an upper triangle, row by row: [2, count] int32.
 * @throws ShapeError for sizes that are no whole numbers
 */
export const triuIndices = (rows: number, columns = rows, options: TriangleOptions = {}): Tensor =>
  indices("triuIndices", rows, columns, options, (d) => d >= (options.diagonal ?? 0));
