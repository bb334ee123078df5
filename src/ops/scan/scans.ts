import { type DType, isFloat } from "../../core/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { rangeOf, withRange } from "../range.ts";
import { linesOf } from "./lines.ts";
import { maxPlaces, minPlaces } from "./places.ts";
import { takeRuns } from "./runs.ts";
import { cumulatedLogSum, cumulatedProduct, cumulatedSum } from "./scanOps.ts";

export interface ScanOptions {
  /** The elements are converted to it before, e.g. "float32" for sums beyond int32. */
  readonly dtype?: DType;
}

/** Values, and where along the axis each was found. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  /** int32 */
  readonly indices: Tensor;
}

function along(op: string, x: Tensor, axis: number, scan: (lines: Tensor) => Tensor): Tensor {
  const { lines, back } = linesOf(op, x, axis);
  if (x.size > 0) return back(scan(lines));
  return isFloat(x.dtype) ? x : cast(x, "int32");
}

const converted = (x: Tensor, { dtype }: ScanOptions): Tensor =>
  dtype === undefined ? x : cast(x, dtype);

/**
 * y[k] = x[0] + … + x[k] along an axis. bool counts as int32.
 * @returns the shape of x  @throws ShapeError for an unknown axis
 */
export const cumsum = (x: Tensor, axis: number, options: ScanOptions = {}): Tensor =>
  along("cumsum", converted(x, options), axis, cumulatedSum);

/**
 * y[k] = x[0] · … · x[k] along an axis. Its gradient is right at zeros, too: nothing is divided.
 * @returns the shape of x  @throws ShapeError for an unknown axis
 */
export const cumprod = (x: Tensor, axis: number, options: ScanOptions = {}): Tensor =>
  along("cumprod", converted(x, options), axis, cumulatedProduct);

/**
 * y[k] = ln(e^x[0] + … + e^x[k]) along an axis; never overflows, and -∞ counts for nothing.
 * @returns the shape of x  @throws ShapeError for an unknown axis
 */
export const logcumsumexp = (x: Tensor, axis: number): Tensor =>
  along("logcumsumexp", isFloat(x.dtype) ? x : cast(x, "float32"), axis, cumulatedLogSum);

function extremum(op: "cummax" | "cummin", x: Tensor, axis: number): ValuesAndIndices {
  const { lines, back } = linesOf(op, x, axis);
  if (x.size === 0) return { values: x, indices: cast(x, "int32") };
  const places = (op === "cummax" ? maxPlaces : minPlaces)(lines);
  const indices = withRange(back(places), [0, lines.shape[1]! - 1]);
  return { values: withRange(back(takeRuns(lines, places)), rangeOf(x)), indices };
}

/**
 * The largest element up to each one along an axis, and its place: the last of equal ones. A NaN
 * counts as the largest. The gradient goes to that place.
 * @returns values and int32 indices in the shape of x  @throws ShapeError for an unknown axis
 */
export const cummax = (x: Tensor, axis: number): ValuesAndIndices => extremum("cummax", x, axis);

/** The smallest element up to each one; otherwise as `cummax`. */
export const cummin = (x: Tensor, axis: number): ValuesAndIndices => extremum("cummin", x, axis);
