import { DTypeError, ShapeError } from "../../core/errors.ts";
import { broadcast, type Shape, show, sizeOf } from "../../core/shape.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { filledLike, indexList } from "../creation/creation.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { constantLike } from "../rules.ts";
import { scatterAdd3 } from "./gatherOps.ts";
import { slices } from "./indexing.ts";
import { coordinates, truePlaces } from "./masked.ts";
import { checkIndex, fromEnd, hostValues, isTrusted } from "./places.ts";
import { write3 } from "./scatterOps.ts";

/** Reading and writing where several axes are indexed at once, by joining them into one. */

/** One index for each axis: integers, a bool mask over one or more axes, or null for all of it. */
export type Indices = readonly (Tensor | null)[];

/** Several indexed axes as one: x with them joined, and where in it each index tuple points. */
interface Joined {
  /** x as [before, joined, after]. */
  readonly sizes: readonly [number, number, number];
  /** The axes of x in the order before, indexed, after. */
  readonly order: readonly number[];
  /** Places on the joined axis, in the common shape of the indices. */
  readonly places: Tensor;
  /** The shape of x[indices]. */
  readonly shape: Shape;
}

/** Masks as integers: one vector for each axis that they cover. */
function expandMasks(op: string, x: Tensor, indices: Indices): (Tensor | null)[] {
  const out: (Tensor | null)[] = [];
  for (const index of indices) {
    if (index?.dtype !== "bool") {
      out.push(index);
      continue;
    }
    const covered = x.shape.slice(out.length, out.length + index.rank);
    if (show(covered) !== show(index.shape) || index.rank === 0) {
      throw new ShapeError(
        `${op}: a mask must have the sizes of the axes it stands for; got ${show(index.shape)} ` +
          `for ${show(covered)} of ${show(x.shape)}. Expand it.`,
      );
    }
    const found = truePlaces(hostValues(op, "a mask", index)).map((i) => coordinates(i, covered));
    covered.forEach((_, d) => {
      out.push(
        indexList(
          found.map((place) => place[d]!),
          x.device,
        ),
      );
    });
  }
  return out;
}

function join(op: string, x: Tensor, given: Indices): Joined {
  const indices = expandMasks(op, x, given);
  const axes = indices.flatMap((index, d) => (index === null ? [] : [d]));
  if (indices.length > x.rank || axes.length === 0) {
    throw new ShapeError(
      `${op}: needs an index for one axis at least, and for as many as there are at most; got ` +
        `${indices.length} for ${show(x.shape)}. Use null for axes to keep whole.`,
    );
  }
  const first = axes[0]!;
  // As in NumPy and PyTorch: where indexed axes lie apart, theirs come first in the result.
  const front = axes.some((d, i) => d !== first + i);
  const others = x.shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const before = front ? [] : others.filter((d) => d < first);
  const after = front ? others : others.filter((d) => d > first);
  const common = broadcast(
    op,
    axes.map((d) => indices[d]!.shape),
  );
  const places = axes.map((d) => fromEnd(op, indices[d]!, x.shape[d]!));
  const joined = places.reduce((sum, place, i) =>
    add(mul(sum, constantLike(x.shape[axes[i]!]!, sum)), place),
  );
  const size = axes.reduce((n, d) => n * x.shape[d]!, 1);
  if (places.every(isTrusted)) withRange(joined, [0, Math.max(0, size - 1)]);
  const sizeAt = (list: readonly number[]) => list.map((d) => x.shape[d]!);
  return {
    sizes: [sizeOf(sizeAt(before)), sizeOf(sizeAt(axes)), sizeOf(sizeAt(after))],
    order: [...before, ...axes, ...after],
    places: expand(joined, common),
    shape: [...sizeAt(before), ...common, ...sizeAt(after)],
  };
}

/** x[indices] as in PyTorch: integer tensors broadcast together, null keeps an axis. */
export function indexTensors(op: string, x: Tensor, indices: Indices): Tensor {
  const { sizes, order, places, shape } = join(op, x, indices);
  checkIndex(op, places, sizes[1]);
  const rows = slices(reshape(permute(x, order), sizes), reshape(places, [places.size]), 1);
  return reshape(rows, shape);
}

export function putTensors(
  op: string,
  x: Tensor,
  indices: Indices,
  values: TensorLike,
  accumulate: boolean,
): Tensor {
  const { sizes, order, places, shape } = join(op, x, indices);
  const source = values instanceof Tensor ? values : filledLike(x, [], values);
  checkDTypes(op, x, source);
  const [outer, n, inner] = sizes;
  const count = places.size;
  const index = reshape(places, [1, count, 1]);
  const rows = reshape(expand(source, shape), [outer, count, inner]);
  const from = reshape(permute(x, order), sizes);
  const trusted = isTrusted(places);
  checkIndex(op, places, n);
  const written = accumulate
    ? add(from, scatterAdd3(rows, expand(index, rows.shape), { size: n, trusted }))
    : write3(from, index, rows, trusted);
  const back = order.map((_, d) => order.indexOf(d));
  return permute(
    reshape(
      written,
      order.map((d) => x.shape[d]!),
    ),
    back,
  );
}

function checkDTypes(op: string, x: Tensor, source: Tensor): void {
  if (x.dtype === source.dtype) return;
  throw new DTypeError(
    `${op}: the values have another dtype than the tensor; got ${source.dtype} for ${x.dtype}. ` +
      "Cast one of them.",
  );
}
