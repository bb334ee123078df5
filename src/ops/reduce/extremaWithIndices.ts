import type { Tensor } from "../../tensor/tensor.ts";
import { gather } from "../indexing/indexing.ts";
import { squeeze } from "../movement/join.ts";
import { rangeOf, withRange } from "../range.ts";
import type { ValuesAndIndices } from "../scan/scans.ts";
import { argmax, argmin, max, min } from "./reduceExtrema.ts";
import type { Axes } from "./reduceRules.ts";

/** The elements that indices name along an axis of size 1 there, with or without that axis. */
export function chosen(
  x: Tensor,
  indices: Tensor,
  axis: number,
  keepDims: boolean,
): ValuesAndIndices {
  if (x.rank === 0) return { values: x, indices };
  const values = gather(x, axis, indices);
  if (keepDims) return { values, indices };
  return {
    values: withRange(squeeze(values, axis), rangeOf(values)),
    indices: withRange(squeeze(indices, axis), rangeOf(indices)),
  };
}

/**
 * Largest element along one axis and its place, the first of equal ones; a NaN counts as the
 * largest. The gradient goes to that place (`max` shares it among equal elements).
 * @returns values and int32 indices  @throws ShapeError for an unknown axis, or of no elements
 */
export const maxWithIndices = (x: Tensor, axis: number, keepDims = false): ValuesAndIndices =>
  chosen(x, argmax(x, axis, true), axis, keepDims);

/** Smallest element along one axis and its place; otherwise as `maxWithIndices`. */
export const minWithIndices = (x: Tensor, axis: number, keepDims = false): ValuesAndIndices =>
  chosen(x, argmin(x, axis, true), axis, keepDims);

/** Smallest and largest element over axes; ties share the gradients. @throws ShapeError */
export const aminmax = (
  x: Tensor,
  axes?: Axes,
  keepDims = false,
): { readonly min: Tensor; readonly max: Tensor } => ({
  min: min(x, axes, keepDims),
  max: max(x, axes, keepDims),
});
