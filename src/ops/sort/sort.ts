import { ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { gather } from "../indexing/indexing.ts";
import { narrow } from "../movement/slice.ts";
import { rangeOf, withRange } from "../range.ts";
import { linesOf, part } from "../scan/lines.ts";
import type { ValuesAndIndices } from "../scan/scans.ts";
import { blockPlaces, blockValues, mergedPlaces, mergedValues, reorder } from "./sortOps.ts";

export interface SortOptions {
  /** From the largest to the smallest; NaN stands first then. */
  readonly descending?: boolean;
}

/** So many elements are counted through before blocks are merged. */
const BLOCK = 32;

/** The permutation that sorts each line of [outer, n, inner], stably. */
export function orderOf(lines: Tensor, descending: boolean): Tensor {
  const n = lines.shape[1]!;
  const width = Math.min(BLOCK, n);
  let places = blockPlaces(lines, { width, descending });
  if (n <= width) return withRange(places, [0, n - 1]);
  let values = blockValues(lines, { width, descending });
  for (let sorted = width; sorted < n; sorted *= 2) {
    const attrs = { width: sorted, descending };
    [places, values] = [mergedPlaces(places, values, attrs), mergedValues(places, values, attrs)];
  }
  return withRange(places, [0, n - 1]);
}

/**
 * Elements in order along an axis, and where they stood. Equal ones keep their order (the sort is
 * stable); NaN counts as the largest. The gradient goes to where each element stood.
 * @returns values and int32 indices in the shape of x  @throws ShapeError for an unknown axis
 */
export function sort(
  x: Tensor,
  axis = -1,
  { descending = false }: SortOptions = {},
): ValuesAndIndices {
  const { lines, back } = linesOf("sort", x, axis);
  if (x.size === 0) return { values: x, indices: cast(x, "int32") };
  const order = orderOf(lines, descending);
  return {
    values: withRange(back(reorder(lines, order)), rangeOf(x)),
    indices: withRange(back(order), rangeOf(order)),
  };
}

/**
 * The indices that sort x along an axis: those of `sort`. No gradient.
 * @throws ShapeError for an unknown axis
 */
export const argsort = (x: Tensor, axis = -1, options: SortOptions = {}): Tensor =>
  sort(x, axis, options).indices;

/** x sorted along its first axis. @throws nothing: every shape fits */
export const msort = (x: Tensor): Tensor => sort(x, 0).values;

export interface TopKOptions {
  readonly axis?: number;
  /** The largest (the default) or the smallest. */
  readonly largest?: boolean;
}

/**
 * The k largest elements along an axis in order, and their places; of equal ones the first come
 * first, and NaN counts as the largest.
 * @returns values and int32 indices with k along the axis
 * @throws ShapeError for an unknown axis; ValueError unless k is a whole number from 0 to its size
 */
export function topk(
  x: Tensor,
  k: number,
  { axis = -1, largest = true }: TopKOptions = {},
): ValuesAndIndices {
  const { axis: at, lines } = linesOf("topk", x, axis);
  const n = lines.shape[1]!;
  checkCount("topk", "k", k, [0, n], x);
  const { values, indices } = sort(x, axis, { descending: largest });
  const first = (t: Tensor) => (x.rank === 0 ? t : withRange(narrow(t, at, 0, k), rangeOf(t)));
  return { values: first(values), indices: first(indices) };
}

/** @throws ValueError unless it is a whole number in the range */
export function checkCount(
  op: string,
  name: string,
  value: number,
  [low, high]: readonly [number, number],
  x: Tensor,
): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ValueError(
    `${op}: ${name} is no whole number from ${low} to ${high}; got ${value} for ${show(x.shape)}. ` +
      "Choose at most as many as the axis has.",
  );
}

/** The element of each line that stands at a place of the sorted line: [outer, 1, inner]. */
export function ranked(lines: Tensor, rank: number): ValuesAndIndices {
  const order = orderOf(lines, false);
  const place = withRange(part(order, rank, rank + 1), rangeOf(order));
  return { values: gather(lines, 1, place), indices: place };
}
