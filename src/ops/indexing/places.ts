import { IndexError, ShapeError } from "../../core/errors.ts";
import { normalizeAxis, type Shape, show, sizeOf } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { knownValues } from "../creation/known.ts";
import { add } from "../elementwise/arithmetic.ts";
import { lt, where } from "../elementwise/compare.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { checkRange, rangeOf } from "../range.ts";
import { checkIndexDType, constantLike } from "../rules.ts";

/** What the functions that read and write at indexed places check and prepare. */

/** [outer, n, inner] around one axis: the sizes left and right of it multiplied out. */
export function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** A scalar as one element along axis 0, as which PyTorch takes it; other tensors as they are. */
export const line = (x: Tensor): Tensor => (x.rank === 0 ? reshape(x, [1]) : x);

/** The axis, where a scalar counts as a line. */
export const axisOf = (op: string, axis: number, x: Tensor): number =>
  normalizeAxis(op, axis, Math.max(x.rank, 1));

/** @throws DTypeError, IndexError, ShapeError unless these are places of an axis of this size. */
export function checkIndex(op: string, index: Tensor, size: number): void {
  if (!(index instanceof Tensor)) {
    throw new ShapeError(
      `${op}: the index is not a tensor; got ${typeof index}. ` +
        'Make one with tensor(indices, { dtype: "int32" }).',
    );
  }
  checkIndexDType(op, index.dtype);
  checkRange(op, "index", index, size);
  if (size === 0 && index.size > 0) {
    throw new ShapeError(`${op}: an axis of size 0 has nothing to take; got ${show(index.shape)}.`);
  }
}

/** Whether host data told that every index is a place: the device need not look. */
export const isTrusted = (index: Tensor): boolean => rangeOf(index) !== null;

/**
 * Indices of which negative ones count from the end, as places from 0 on.
 * @throws DTypeError, IndexError, ShapeError as `checkIndex`
 */
export function fromEnd(op: string, index: Tensor, size: number): Tensor {
  checkIndexDType(op, index.dtype);
  const range = rangeOf(index);
  if (index.dtype === "uint32" || index.size === 0 || (range !== null && range[0] >= 0)) {
    checkIndex(op, index, size);
    return index;
  }
  if (range !== null && (range[0] < -size || range[1] >= size)) {
    throw new IndexError(
      `${op}: index outside ${-size}..${size - 1}; got values from ${range[0]} to ${range[1]} in ` +
        `a tensor of shape ${show(index.shape)}. Keep each one at least ${-size} and below ${size}.`,
    );
  }
  if (size === 0) checkIndex(op, index, size);
  return where(lt(index, 0), add(index, constantLike(size, index)), index);
}

/** @throws ShapeError unless the index fits x outside the axis. */
export function checkRanks(op: string, x: Shape, index: Shape, axis: number): void {
  if (x.length === index.length && index.every((n, d) => d === axis || n <= x[d]!)) return;
  throw new ShapeError(
    `${op}: the index must have as many axes as the tensor and be no larger outside axis ${axis}; ` +
      `got ${show(x)} and index ${show(index)}. Expand or slice one of them.`,
  );
}

/** @throws ShapeError unless the index reaches no further than the source. */
export function checkSource(op: string, index: Shape, source: Shape): void {
  if (source.length === index.length && index.every((n, d) => n <= source[d]!)) return;
  throw new ShapeError(
    `${op}: the source must be at least as large as the index; got index ${show(index)} and ` +
      `source ${show(source)}. Give a source of the index's shape.`,
  );
}

/** The part of x that an index of this shape can reach outside `axis`. */
export function reachable(x: Tensor, index: Shape, axis: number): Tensor {
  return index.reduce((part, n, d) => (d === axis ? part : narrow(part, d, 0, n)), x);
}

/** @throws ShapeError unless there is at most one axis. */
export function lineOf(op: string, index: Tensor, instead: string): Tensor {
  if (index.rank <= 1) return line(index);
  throw new ShapeError(
    `${op}: the index has more than one axis; got ${show(index.shape)}. ${instead}`,
  );
}

/** Elements that the host knows. @throws ShapeError where only the device knows them. */
export function hostValues(op: string, what: string, x: Tensor): ArrayLike<number> {
  const values = knownValues(x);
  if (values !== null) return values;
  throw new ShapeError(
    `${op}: the size of the result depends on ${what}, which only the device knows; got ` +
      `${x.dtype} ${show(x.shape)}. Read it first: tensor(await t.data(), { dtype, shape }).`,
  );
}
