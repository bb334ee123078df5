import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { filledLike } from "../creation/creation.ts";
import { expand, reshape } from "../movement/movement.ts";
import { slots } from "./indexing.ts";
import { type Indices, putTensors } from "./joined.ts";
import { around, axisOf, isTrusted, line, lineOf } from "./places.ts";
import { folding, type ScatterReduce } from "./scatter.ts";
import { write3 } from "./scatterOps.ts";

/** Writing at places of an axis that an index names: everything gives a new tensor. */

/**
 * torch.index_copy: x with the slices of `source` written at the places of `axis` that the 1-D
 * `index` names; of several on one place the last one wins.
 * @throws ShapeError, IndexError
 */
export function indexCopy(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  if (x.rank === 0) return reshape(indexCopy(line(x), axis, index, line(source)), []);
  const { at, list, sizes } = slots("indexCopy", x, axis, index, source);
  const rows = reshape(list, [1, list.size, 1]);
  const from = reshape(x, around(x.shape, at));
  return reshape(write3(from, rows, reshape(source, sizes), isTrusted(index)), x.shape);
}

/**
 * torch.index_fill: x with `value` in the slices of `axis` that the 1-D `index` names.
 * @param value a number, or a tensor with one element
 * @throws ShapeError, IndexError
 */
export function indexFill(x: Tensor, axis: number, index: Tensor, value: TensorLike): Tensor {
  const at = axisOf("indexFill", axis, x);
  const list = lineOf("indexFill", index, "Flatten it.");
  const shape = line(x).shape.with(at, list.size);
  if (value instanceof Tensor && value.size !== 1) {
    throw new ShapeError(
      `indexFill: the value is not a scalar; got ${show(value.shape)}. Use indexCopy for tensors.`,
    );
  }
  const filler = value instanceof Tensor ? reshape(value, []) : filledLike(x, [], value);
  const filled = indexCopy(line(x), at, list, expand(filler, shape));
  return reshape(filled, x.shape);
}

/**
 * torch.index_reduce: x with the slices of `source` folded into the places of `axis` that the 1-D
 * `index` names: their product, mean, largest or smallest, with what stands there unless
 * `includeSelf` is false.
 * @throws ShapeError, IndexError, ValueError for an unknown reduction
 */
export function indexReduce(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  reduce: ScatterReduce,
  { includeSelf = true }: { readonly includeSelf?: boolean } = {},
): Tensor {
  if (x.rank === 0) {
    return reshape(indexReduce(line(x), axis, index, line(source), reduce, { includeSelf }), []);
  }
  const { at, list, sizes } = slots("indexReduce", x, axis, index, source);
  const f = folding("indexReduce", reduce, includeSelf);
  if (list.size === 0) return x;
  const rows = expand(reshape(list, [1, list.size, 1]), sizes);
  const out = f(reshape(x, around(x.shape, at)), rows, reshape(source, sizes), isTrusted(index));
  return reshape(out, x.shape);
}

/**
 * torch.index_put: x with `values`, which broadcast to x[indices], written there, or added with
 * `accumulate`. Negative indices count from the end; of several on one place the last one wins.
 * @param indices int32 tensors that broadcast together, bool masks that the host knows, or null
 * @throws ShapeError, IndexError, DTypeError
 */
export function indexPut(
  x: Tensor,
  indices: Indices,
  values: TensorLike,
  { accumulate = false }: { readonly accumulate?: boolean } = {},
): Tensor {
  return putTensors("indexPut", x, indices, values, accumulate);
}
