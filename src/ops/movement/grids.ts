import { ShapeError, ValueError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexList } from "../creation/creation.ts";
import { pow } from "../elementwise/power.ts";
import { take } from "../indexing/indexing.ts";
import { stack, unsqueeze } from "./join.ts";
import { expand, reshape, transpose } from "./movement.ts";

function vectors(op: string, tensors: readonly Tensor[]): void {
  for (const t of tensors) {
    if (t.rank <= 1) continue;
    throw new ShapeError(`${op}: only vectors; got ${show(t.shape)}. Flatten it first.`);
  }
}

export interface MeshgridOptions {
  /** "ij": axis i belongs to vector i. "xy": the first two axes are swapped, as in pictures. */
  readonly indexing?: "ij" | "xy";
}

/**
 * Each vector spread over a grid that has one axis for each of them.
 * @throws ShapeError for a matrix, ValueError for an unknown indexing
 */
export function meshgrid(
  tensors: readonly Tensor[],
  { indexing = "ij" }: MeshgridOptions = {},
): Tensor[] {
  vectors("meshgrid", tensors);
  if (tensors.length === 0) {
    throw new ShapeError("meshgrid: no vectors; got []. Give at least one.");
  }
  if (indexing !== "ij" && indexing !== "xy") {
    throw new ValueError(`meshgrid: unknown indexing "${indexing}". Use "ij" or "xy".`);
  }
  const sizes = tensors.map((t) => t.size);
  const grids = tensors.map((t, i) =>
    expand(
      reshape(
        t,
        sizes.map((n, d) => (d === i ? n : 1)),
      ),
      sizes,
    ),
  );
  const swap = indexing === "xy" && tensors.length > 1;
  return swap ? grids.map((grid) => transpose(grid, 0, 1)) : grids;
}

/**
 * All tuples with one element of each vector, as rows: [n₁·n₂·…, count]; one vector as it is.
 * @throws ShapeError for a matrix, or no vectors
 */
export function cartesianProd(...tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) {
    vectors("cartesianProd", tensors);
    return tensors[0]!;
  }
  const flat = meshgrid(tensors).map((grid) => reshape(grid, [grid.size]));
  return stack(flat, 1);
}

/** Ascending tuples of `length` places below n; strictly so unless places may repeat. */
function tuples(n: number, length: number, repeats: boolean, from = 0): number[][] {
  if (length === 0) return [[]];
  const starts = Array.from({ length: Math.max(0, n - from) }, (_, i) => from + i);
  return starts.flatMap((i) =>
    tuples(n, length - 1, repeats, repeats ? i : i + 1).map((rest) => [i, ...rest]),
  );
}

/**
 * All choices of `length` elements of a vector, in its order, as rows.
 * @param withReplacement whether an element may be chosen more than once
 * @throws ShapeError unless x is a vector and `length` at least 0
 */
export function combinations(x: Tensor, length = 2, withReplacement = false): Tensor {
  if (x.rank !== 1 || !Number.isInteger(length) || length < 0) {
    throw new ShapeError(
      `combinations: needs a vector and a length of at least 0; got ${show(x.shape)} and ` +
        `${length}. Flatten it first.`,
    );
  }
  const found = length === 0 ? [] : tuples(x.size, length, withReplacement);
  const index = indexList(found.flat(), x.device);
  return reshape(take(x, index), length === 0 ? [0] : [found.length, length]);
}

/**
 * Powers of a vector as columns: x[i]^(columns - 1 - j), or x[i]^j when `increasing`.
 * @returns [..., n, columns]
 * @throws ShapeError for a scalar
 */
export function vander(x: Tensor, columns?: number, increasing = false): Tensor {
  const n = columns ?? x.shape[normalizeAxis("vander", -1, x.rank)]!;
  if (!Number.isInteger(n) || n < 0) {
    throw new ShapeError(`vander: ${n} columns is not a whole number of at least 0.`);
  }
  const base = unsqueeze(x, -1);
  if (n === 0) return expand(base, [...x.shape, 0]);
  const powers = Array.from({ length: n }, (_, j) => pow(x, increasing ? j : n - 1 - j));
  return stack(powers, -1);
}
