import { ShapeError } from "../../core/errors.ts";
import { broadcast, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { expand, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { zeroPad } from "../movement/window.ts";
import { rangeOf, withRange } from "../range.ts";
import { gather3, scatterAdd3 } from "./gatherOps.ts";
import {
  around,
  axisOf,
  checkIndex,
  checkRanks,
  checkSource,
  fromEnd,
  isTrusted,
  line,
  lineOf,
  reachable,
} from "./places.ts";

/** Slices of one axis at the places that an index of any shape names, which replaces the axis. */
export function slices(x: Tensor, index: Tensor, at: number): Tensor {
  const [outer, n, inner] = around(x.shape, at);
  const rows = expand(reshape(index, [1, index.size, 1]), [outer, index.size, inner]);
  const out = gather3(reshape(x, [outer, n, inner]), rows, { trusted: isTrusted(index) });
  const shape = [...x.shape.slice(0, at), ...index.shape, ...x.shape.slice(at + 1)];
  return withRange(reshape(out, shape), rangeOf(x));
}

/**
 * Along an axis, slices of x at the places that `index` names: out[…, i…, …] = x[…, index[i…], …].
 * Without an axis, as torch.take: elements of the flattened x, in the shape of the index.
 * @param index int32 of any shape; negative ones count from the end
 * @throws IndexError when host data is out of range; later for values only the device knows
 */
export function take(x: Tensor, index: Tensor, axis?: number): Tensor {
  const from = axis === undefined ? reshape(x, [x.size]) : line(x);
  const at = axis === undefined ? 0 : axisOf("take", axis, x);
  return slices(from, fromEnd("take", index, from.shape[at]!), at);
}

/**
 * PyTorch's `index_select`: the slices of `axis` that a 1-D index from 0 on names.
 * @throws ShapeError for an index of several axes; IndexError
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  const list = lineOf("indexSelect", index, "Use take(x, index, axis), which takes any shape.");
  const at = axisOf("indexSelect", axis, x);
  checkIndex("indexSelect", list, line(x).shape[at]!);
  const out = slices(line(x), list, at);
  return x.rank === 0 && out.size === 1 ? reshape(out, []) : out;
}

/** Slices at the places of an index whose values are known to count from 0. */
export function rowsAt(op: string, x: Tensor, index: Tensor): Tensor {
  checkIndex(op, index, x.shape[0]!);
  return slices(x, index, 0);
}

/**
 * torch.gather: out[i, j, k] = x[index[i, j, k], j, k] for axis 0, and likewise for others.
 * @param index int32, the rank of x, no larger than x outside `axis`  @returns index's shape
 * @throws ShapeError, IndexError
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  if (x.rank === 0) return reshape(gather(line(x), axis, line(index)), index.shape);
  const at = axisOf("gather", axis, x);
  checkRanks("gather", x.shape, index.shape, at);
  checkIndex("gather", index, x.shape[at]!);
  const part = reachable(x, index.shape, at);
  const places = reshape(index, around(index.shape, at));
  const trusted = isTrusted(index);
  const out = gather3(reshape(part, around(part.shape, at)), places, { trusted });
  return withRange(reshape(out, index.shape), rangeOf(x));
}

/**
 * torch.take_along_dim: as `gather`, but sizes outside `axis` broadcast, and negative indices
 * count from the end. Without an axis both are flattened.
 * @throws ShapeError, IndexError
 */
export function takeAlongDim(x: Tensor, index: Tensor, axis?: number): Tensor {
  if (axis === undefined) {
    return takeAlongDim(reshape(x, [x.size]), reshape(index, [index.size]), 0);
  }
  if (x.rank !== index.rank) {
    throw new ShapeError(
      `takeAlongDim: x and the index must have equally many axes; got ${show(x.shape)} and ` +
        `${show(index.shape)}. Add axes of size 1 with unsqueeze.`,
    );
  }
  const at = axisOf("takeAlongDim", axis, x);
  const apart = (t: Tensor) => line(t).shape.with(at, 1);
  const common = broadcast("takeAlongDim", [apart(x), apart(index)]);
  const wide = (t: Tensor) => expand(line(t), common.with(at, line(t).shape[at]!));
  const places = fromEnd("takeAlongDim", wide(index), line(x).shape[at]!);
  return reshape(gather(wide(x), at, places), x.rank === 0 ? [] : places.shape);
}

/**
 * torch.scatter_add: x with source[i, j, k] added at [index[i, j, k], j, k] for axis 0, and
 * likewise for others; always in the same order.
 * @throws ShapeError, IndexError
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  if (x.rank === 0) return reshape(scatterAdd(line(x), axis, line(index), line(source)), []);
  const at = axisOf("scatterAdd", axis, x);
  checkRanks("scatterAdd", x.shape, index.shape, at);
  checkSource("scatterAdd", index.shape, source.shape);
  checkIndex("scatterAdd", index, x.shape[at]!);
  if (index.size === 0) return x;
  const used = index.shape.reduce((part, n, d) => narrow(part, d, 0, n), source);
  const sizes = around(index.shape, at);
  const added = scatterAdd3(reshape(used, sizes), reshape(index, sizes), {
    size: x.shape[at]!,
    trusted: isTrusted(index),
  });
  const shape = index.shape.map((n, d) => (d === at ? x.shape[at]! : n));
  const after = x.shape.map((n, d) => n - shape[d]!);
  const none = shape.map(() => 0);
  return add(x, zeroPad(reshape(added, shape), none, after));
}

/**
 * torch.index_add: x with `alpha` times the slices of `source` added at the places of `axis` that
 * the 1-D `index` names.
 * @throws ShapeError, IndexError
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  { alpha = 1 }: { readonly alpha?: number } = {},
): Tensor {
  if (x.rank === 0) {
    return reshape(indexAdd(line(x), axis, index, line(source), { alpha }), []);
  }
  const { at, list, sizes } = slots("indexAdd", x, axis, index, source);
  const [outer, count, inner] = sizes;
  const rows = expand(reshape(list, [1, count, 1]), [outer, count, inner]);
  const scaled = alpha === 1 ? source : mul(source, alpha);
  const added = scatterAdd3(reshape(scaled, sizes), rows, {
    size: x.shape[at]!,
    trusted: isTrusted(index),
  });
  return add(x, reshape(added, x.shape));
}

/** What the functions that write whole slices need: the axis, the index, the source's sizes. */
export function slots(op: string, x: Tensor, axis: number, index: Tensor, source: Tensor) {
  const at = axisOf(op, axis, x);
  const list = lineOf(op, index, "Flatten it, and the source's axes likewise.");
  checkIndex(op, list, x.shape[at]!);
  const wanted = x.shape.with(at, list.size);
  if (source.rank !== x.rank || wanted.some((n, d) => n !== source.shape[d])) {
    throw new ShapeError(
      `${op}: the source must have one slice for each index; got ${show(source.shape)} for x ` +
        `${show(x.shape)} and ${list.size} indices along axis ${at}. Make it ${show(wanted)}.`,
    );
  }
  return { at, list, sizes: around(wanted, at) };
}
