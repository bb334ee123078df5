import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { where } from "../elementwise/compare.ts";
import { rangeOf, withRange } from "../range.ts";
import { constantLike } from "../rules.ts";
import { onDiagonal } from "./diagonal.ts";
import { unsqueeze } from "./join.ts";
import { expand, flip, permute, reshape } from "./movement.ts";
import { backwards, place } from "./slice.ts";
import { spread } from "./window.ts";

/** Writing into parts of a tensor that are views of it: each gives a new tensor. */

/** x with `part` at the elements from `starts` on in `steps`; NaN and -0 of both survive. */
export function writeRegion(x: Tensor, part: Tensor, starts: Shape, steps: Shape): Tensor {
  const value = part.dtype === x.dtype ? part : cast(part, x.dtype);
  if (sameShape(part.shape, x.shape)) return value;
  if (part.size === 0) return x;
  const inside = expand(constantLike(1, x, "bool"), part.shape);
  const put = (t: Tensor) => spread(t, x.shape, starts, steps);
  const [a, b] = [rangeOf(x), rangeOf(value)];
  const out = where(put(inside), put(value), x);
  return a && b ? withRange(out, [Math.min(a[0], b[0]), Math.max(a[1], b[1])]) : out;
}

/** As `slice`, of which it is the counterpart: x with `part` where the slice would be. */
export function writeSlice(
  x: Tensor,
  part: Tensor,
  starts: readonly (number | null)[],
  ends: readonly (number | null)[],
  steps: readonly number[],
): Tensor {
  const back = backwards(x.shape, steps);
  const places = x.shape.map((n, d) => place(n, starts[d], ends[d], steps[d] ?? 1));
  const turn = (t: Tensor) => (back.length === 0 ? t : flip(t, back));
  const out = writeRegion(
    turn(x),
    part,
    places.map((p) => p.start),
    places.map((p) => p.step),
  );
  return turn(out);
}

function checkPart(op: string, part: Tensor, wanted: Shape): void {
  if (sameShape(part.shape, wanted)) return;
  throw new ShapeError(
    `${op}: the part does not fit; got ${show(part.shape)} for a place of shape ${show(wanted)}. ` +
      "Expand or reshape it.",
  );
}

export interface SliceScatterOptions {
  readonly axis?: number;
  readonly start?: number | null;
  readonly end?: number | null;
  readonly step?: number;
}

/**
 * torch.slice_scatter: x with `source` in the place of x[start:end:step] along an axis.
 * @throws ShapeError when the source has another shape than that slice
 */
export function sliceScatter(
  x: Tensor,
  source: Tensor,
  { axis = 0, start = null, end = null, step = 1 }: SliceScatterOptions = {},
): Tensor {
  const at = normalizeAxis("sliceScatter", axis, x.rank);
  const only = <T>(value: T, other: T): T[] => x.shape.map((_, d) => (d === at ? value : other));
  const { size } = place(x.shape[at]!, start, end, step);
  checkPart("sliceScatter", source, x.shape.with(at, size));
  return writeSlice(x, source, only(start, null), only(end, null), only(step, 1));
}

/**
 * torch.select_scatter: x with `source` at one place of an axis, which the source lacks.
 * @throws ShapeError when the source has another shape, or the place is out of range
 */
export function selectScatter(x: Tensor, source: Tensor, axis: number, index: number): Tensor {
  const at = normalizeAxis("selectScatter", axis, x.rank);
  const n = x.shape[at]!;
  if (!Number.isInteger(index) || index < -n || index >= n) {
    throw new ShapeError(
      `selectScatter: place ${index} does not lie on axis ${at}; got ${show(x.shape)}. ` +
        `Use one from ${-n} to ${n - 1}.`,
    );
  }
  checkPart("selectScatter", source, x.shape.toSpliced(at, 1));
  const start = index < 0 ? index + n : index;
  return sliceScatter(x, unsqueeze(source, at), { axis: at, start, end: start + 1 });
}

/**
 * torch.diagonal_scatter: x with `source` in the place of diagonal(x, { offset, axes }).
 * @throws ShapeError when the source has another shape than that diagonal
 */
export function diagonalScatter(
  x: Tensor,
  source: Tensor,
  { offset = 0, axes = [0, 1] }: { readonly offset?: number; readonly axes?: AxisPair } = {},
): Tensor {
  const on = onDiagonal("diagonalScatter", x, offset, axes);
  checkPart("diagonalScatter", source, [...on.flat.shape.slice(0, -1), on.size]);
  if (on.size === 0) return x;
  const lead = on.flat.shape.slice(0, -1);
  const ones = lead.map(() => 1);
  const written = writeRegion(
    on.flat,
    source,
    [...lead.map(() => 0), on.start],
    [...ones, on.step],
  );
  return permute(reshape(written, on.moved.shape), on.back);
}

export type AxisPair = readonly [number, number];
