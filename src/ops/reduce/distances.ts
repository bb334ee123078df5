import { ValueError } from "../../core/errors.ts";
import { broadcast, normalizeAxis } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { gt, where } from "../elementwise/compare.ts";
import { clampMin } from "../elementwise/extrema.ts";
import { expand } from "../movement/movement.ts";
import { vectorNorm } from "./norm.ts";
import { sum } from "./reduce.ts";

export interface NormalizeOptions {
  /** Order of the norm; 2 is the default. */
  readonly p?: number;
  readonly axis?: number | readonly number[];
  /** The least that is divided by. */
  readonly eps?: number;
}

/** x / max(‖x‖ₚ, eps) along an axis, 1 unless another is given. @throws ShapeError */
export function normalize(
  x: Tensor,
  { p = 2, axis = 1, eps = 1e-12 }: NormalizeOptions = {},
): Tensor {
  return div(x, clampMin(vectorNorm(x, p, axis, true), eps));
}

export interface CosineOptions {
  readonly axis?: number;
  /** The least norm that is divided by. */
  readonly eps?: number;
}

/**
 * Σ a·b / (max(‖a‖, eps)·max(‖b‖, eps)) along an axis, 1 unless another is given; a and b broadcast.
 * @returns the common shape without the axis  @throws ShapeError
 */
export function cosineSimilarity(
  a: Tensor,
  b: Tensor,
  { axis = 1, eps = 1e-8 }: CosineOptions = {},
): Tensor {
  const shape = broadcast("cosineSimilarity", [a.shape, b.shape]);
  const at = normalizeAxis("cosineSimilarity", axis, Math.max(shape.length, 1));
  const unit = (x: Tensor) => normalize(expand(x, shape), { axis: at, eps });
  return sum(mul(unit(a), unit(b)), at);
}

export interface DistanceOptions {
  readonly p?: number;
  /** Added to each difference, so that the norm has a slope where both are equal. */
  readonly eps?: number;
  readonly keepDims?: boolean;
}

/**
 * ‖a - b + eps‖ₚ over the last axis; a and b broadcast.
 * @returns the common shape without its last axis  @throws ShapeError
 */
export const pairwiseDistance = (
  a: Tensor,
  b: Tensor,
  { p = 2, eps = 1e-6, keepDims = false }: DistanceOptions = {},
): Tensor => vectorNorm(add(sub(a, b), eps), p, -1, keepDims);

/**
 * ‖a - b‖ₚ over all elements; a and b broadcast.
 * @throws ShapeError when they do not; ValueError for a p that is NaN
 */
export const dist = (a: Tensor, b: Tensor, p = 2): Tensor => vectorNorm(sub(a, b), p);

/**
 * x with each of its slices along `axis` whose p-norm is above `maxNorm` scaled down to it.
 * @throws ShapeError for an unknown axis; ValueError unless p and maxNorm are positive
 */
export function renorm(x: Tensor, p: number, axis: number, maxNorm: number): Tensor {
  const at = normalizeAxis("renorm", axis, x.rank);
  if (!(p > 0) || !(maxNorm >= 0)) {
    throw new ValueError(
      `renorm: p must be above 0 and maxNorm at least 0; got p ${p}, maxNorm ${maxNorm}. ` +
        "Use p = 2 and maxNorm = 1.",
    );
  }
  const others = x.shape.flatMap((_, d) => (d === at ? [] : [d]));
  const size = vectorNorm(x, p, others, true);
  const factor = div(maxNorm, add(size, 1e-7));
  return mul(x, where(gt(size, maxNorm), factor, 1));
}
