import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { iota } from "../creation/iota.ts";
import { add } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq } from "../elementwise/compare.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { zeroPad } from "../movement/window.ts";
import { checkRange, rangeOf, withRange } from "../range.ts";
import { checkIndexDType } from "../rules.ts";
import { gather3, scatterAdd3 } from "./gatherOps.ts";

/** [outer, n, inner] around one axis: the sizes left and right of it multiplied out. */
function around(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
}

/** A scalar as one element along axis 0, as which PyTorch takes it; other tensors as they are. */
const line = (x: Tensor): Tensor => (x.rank === 0 ? reshape(x, [1]) : x);

const checkIndex = (op: string, index: Tensor, size: number): void => {
  checkIndexDType(op, index.dtype);
  checkRange(op, "index", index, size);
  if (size === 0 && index.size > 0) {
    throw new ShapeError(`${op}: an axis of size 0 has nothing to take; got ${show(index.shape)}.`);
  }
};

/**
 * Slices of `axis` at the places that `index` names: out[…, i…, …] = x[…, index[i…], …].
 * @param index int32 of any shape, which replaces the axis; its values from 0 to size - 1
 * @throws IndexError when host data is out of range; later for values only the device knows
 */
export function take(x: Tensor, index: Tensor, axis = 0): Tensor {
  const at = normalizeAxis("take", axis, x.rank);
  checkIndex("take", index, x.shape[at]!);
  const [outer, n, inner] = around(x.shape, at);
  const rows = expand(reshape(index, [1, index.size, 1]), [outer, index.size, inner]);
  const trusted = rangeOf(index) !== null;
  const out = gather3(reshape(x, [outer, n, inner]), rows, { trusted });
  const shape = [...x.shape.slice(0, at), ...index.shape, ...x.shape.slice(at + 1)];
  return withRange(reshape(out, shape), rangeOf(x));
}

/** PyTorch's `index_select`: `take` along `axis` with a 1-D index. */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  if (index.rank > 1) {
    throw new ShapeError(
      `indexSelect: the index has more than one axis; got ${show(index.shape)}. ` +
        "Use take(x, index, axis), which takes any shape.",
    );
  }
  return take(x, index.rank === 0 ? reshape(index, [1]) : index, axis);
}

/** Rows of `weight` [n, features] for each index: out [...index, features]. */
export const embedding = (index: Tensor, weight: Tensor): Tensor => take(weight, index, 0);

function checkRanks(op: string, x: Shape, index: Shape, axis: number): void {
  if (x.length === index.length && index.every((n, d) => d === axis || n <= x[d]!)) return;
  throw new ShapeError(
    `${op}: the index must have as many axes as the tensor and be no larger outside axis ${axis}; ` +
      `got ${show(x)} and index ${show(index)}. Expand or slice one of them.`,
  );
}

/** The part of x that an index of this shape can reach outside `axis`. */
function reachable(x: Tensor, index: Shape, axis: number): Tensor {
  return index.reduce((part, n, d) => (d === axis ? part : narrow(part, d, 0, n)), x);
}

/**
 * torch.gather: out[i, j, k] = x[index[i, j, k], j, k] for axis 0, and likewise for others.
 * @param index int32, the rank of x, no larger than x outside `axis`  @returns index's shape
 * @throws ShapeError, IndexError
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  if (x.rank === 0) return reshape(gather(line(x), axis, line(index)), index.shape);
  const at = normalizeAxis("gather", axis, x.rank);
  checkRanks("gather", x.shape, index.shape, at);
  checkIndex("gather", index, x.shape[at]!);
  const part = reachable(x, index.shape, at);
  const places = reshape(index, around(index.shape, at));
  const trusted = rangeOf(index) !== null;
  const out = gather3(reshape(part, around(part.shape, at)), places, { trusted });
  return withRange(reshape(out, index.shape), rangeOf(x));
}

/**
 * torch.scatter_add: x with source[i, j, k] added at [index[i, j, k], j, k] for axis 0, and
 * likewise for others; always in the same order.
 * @throws ShapeError, IndexError
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  if (x.rank === 0) return reshape(scatterAdd(line(x), axis, line(index), line(source)), []);
  const at = normalizeAxis("scatterAdd", axis, x.rank);
  checkRanks("scatterAdd", x.shape, index.shape, at);
  checkIndex("scatterAdd", index, x.shape[at]!);
  const used = index.shape.reduce((part, n, d) => narrow(part, d, 0, n), source);
  const sizes = around(index.shape, at);
  const added = scatterAdd3(reshape(used, sizes), reshape(index, sizes), { size: x.shape[at]! });
  const shape = index.shape.map((n, d) => (d === at ? x.shape[at]! : n));
  const after = x.shape.map((n, d) => n - shape[d]!);
  return add(
    x,
    zeroPad(
      reshape(added, shape),
      shape.map(() => 0),
      after,
    ),
  );
}

/**
 * torch.index_add: x with the slices of `source` added at the places of `axis` that the 1-D
 * `index` names.
 */
export function indexAdd(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  if (x.rank === 0) return reshape(indexAdd(line(x), axis, line(index), line(source)), []);
  const at = normalizeAxis("indexAdd", axis, x.rank);
  checkIndex("indexAdd", index, x.shape[at]!);
  const [outer, n, inner] = around(x.shape, at);
  const count = index.size;
  const rows = expand(reshape(index, [1, count, 1]), [outer, count, inner]);
  const added = scatterAdd3(reshape(source, [outer, count, inner]), rows, { size: n });
  return add(x, reshape(added, x.shape));
}

/**
 * 1 at the place that each index names, else 0: [...index, classes], int32.
 * @throws IndexError when host data is out of range
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  checkIndex("oneHot", index, classes);
  const hot = eq(unsqueeze(index, -1), iota(classes, index.device));
  return withRange(cast(hot, "int32"), [0, 1]);
}
