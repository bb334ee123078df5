import { isFloat } from "../../core/dtype.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { div, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { isNan, ne, where } from "../elementwise/compare.ts";
import { clampMin } from "../elementwise/extrema.ts";
import { gather } from "../indexing/indexing.ts";
import { squeeze } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { zeroPad } from "../movement/window.ts";
import { rangeOf, withRange } from "../range.ts";
import { mean, sum } from "../reduce/reduce.ts";
import { argmax, matches, max } from "../reduce/reduceExtrema.ts";
import { checkFilled } from "../reduce/reduceRules.ts";
import { linesOf, part } from "../scan/lines.ts";
import { maxPlaces } from "../scan/places.ts";
import type { ValuesAndIndices } from "../scan/scans.ts";
import { checkCount, orderOf } from "./sort.ts";
import { reorder } from "./sortOps.ts";

/** From lines [outer, n, inner] the places [outer, 1, inner] of one element of each. */
type Choice = (lines: Tensor) => Tensor;

/** One element of each line, chosen by its place. */
function chosen(
  op: string,
  x: Tensor,
  axis: number,
  keepDims: boolean,
  choice: Choice,
): ValuesAndIndices {
  const { axis: at, lines, back } = linesOf(op, x, axis);
  checkFilled(op, lines, [1]);
  const places = withRange(
    noGrad(() => choice(lines)),
    [0, lines.shape[1]! - 1],
  );
  const shaped = (t: Tensor) => {
    const whole = back(t);
    return withRange(keepDims || x.rank === 0 ? whole : squeeze(whole, at), rangeOf(t));
  };
  return { values: shaped(gather(lines, 1, places)), indices: shaped(places) };
}

/** The places of the elements that stand at a rank when a line is sorted. */
const atRank =
  (rank: number | ((lines: Tensor) => Tensor)): Choice =>
  (lines) => {
    const order = orderOf(lines, false);
    if (typeof rank === "number") return part(order, rank, rank + 1);
    return gather(order, 1, withRange(rank(lines), [0, lines.shape[1]! - 1]));
  };

/**
 * The k-th smallest element along an axis (from 1 on) and its place; NaN counts as the largest.
 * @returns values and int32 indices
 * @throws ShapeError for an unknown axis; ValueError unless k is from 1 to the axis's size
 */
export function kthvalue(x: Tensor, k: number, axis = -1, keepDims = false): ValuesAndIndices {
  checkCount("kthvalue", "k", k, [1, linesOf("kthvalue", x, axis).lines.shape[1]!], x);
  return chosen("kthvalue", x, axis, keepDims, atRank(k - 1));
}

/** How many elements of each line are NaN; they stand at its end when it is sorted. */
const nans = (lines: Tensor): Tensor => sum(cast(isNan(lines), "int32"), 1, true);

/** The lower one of the two in the middle, or the first NaN where there is one. */
const middle = (lines: Tensor): Choice => {
  const n = lines.shape[1]!;
  if (!isFloat(lines.dtype)) return atRank((n - 1) >> 1);
  return atRank((x) => {
    const lost = nans(x);
    return where(ne(lost, 0), sub(n, lost), (n - 1) >> 1);
  });
};

/** The same among the elements that are not NaN; a NaN where all are. */
const middleOfNumbers = (lines: Tensor): Choice => {
  const n = lines.shape[1]!;
  if (!isFloat(lines.dtype)) return atRank((n - 1) >> 1);
  return atRank((x) => cast(div(clampMin(sub(n - 1, nans(x)), 0), 2), "int32"));
};

const along = (op: string, choice: (lines: Tensor) => Choice) => {
  const withIndices = (x: Tensor, axis: number, keepDims = false): ValuesAndIndices =>
    chosen(op, x, axis, keepDims, (lines) => choice(lines)(lines));
  /** Over all elements the gradient is shared among those that equal the result. */
  const values = (x: Tensor, axis?: number | null, keepDims = false): Tensor => {
    if (axis !== undefined && axis !== null) return withIndices(x, axis, keepDims).values;
    const flat = reshape(x, [x.size]);
    const shape = keepDims ? x.shape.map(() => 1) : [];
    if (x.size === 0) return reshape(mean(flat), shape);
    const value = noGrad(() => withIndices(flat, 0, true).values);
    if (!isFloat(x.dtype)) return reshape(value, shape);
    return reshape(max(where(matches(flat, value), flat, Number.NEGATIVE_INFINITY)), shape);
  };
  return { withIndices, values };
};

const medians = along("median", middle);
const nanmedians = along("nanmedian", middleOfNumbers);

/**
 * The median over all elements, or along one axis: the lower one of two in the middle; NaN where
 * an element is NaN, and of no elements at all. Over all elements the gradient is shared among
 * equal ones; along an axis it goes to one place.
 * @throws ShapeError for an unknown axis, or one of size 0
 */
export const median = medians.values;

/** The median along one axis and its place. @throws ShapeError */
export const medianWithIndices = medians.withIndices;

/** The median of the elements that are not NaN; otherwise as `median`. */
export const nanmedian = nanmedians.values;

/**
 * The median along one axis of the elements that are not NaN, and its place.
 * @throws ShapeError for an unknown axis
 */
export const nanmedianWithIndices = nanmedians.withIndices;

/**
 * The most frequent element along an axis, the smallest of equally frequent ones, and the last
 * place where it stands.
 * @returns values and int32 indices  @throws ShapeError for an unknown axis, or of no elements
 */
export const mode = (x: Tensor, axis = -1, keepDims = false): ValuesAndIndices =>
  chosen("mode", x, axis, keepDims, (lines) => {
    const n = lines.shape[1]!;
    const order = orderOf(lines, false);
    const sorted = reorder(lines, order);
    const changes = ne(part(sorted, 1, n), part(sorted, 0, n - 1));
    const index = indexAlong(lines, 1);
    // The last number so far is that of the first element of a run, and each is farther along it.
    const numbers = where(zeroPad(changes, [0, 1, 0], [0, 0, 0]), index, where(index, -1, 0));
    const starts = maxPlaces(numbers);
    return gather(order, 1, argmax(sub(index, starts), 1, true));
  });
