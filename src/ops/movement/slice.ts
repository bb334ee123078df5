import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { flip } from "./movement.ts";
import { cut } from "./window.ts";

const clampIndex = (i: number, n: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n);

/**
 * Elements from `starts` up to (without) `ends` in `steps`, per axis. Negative places count from
 * the end and places beyond it stop there, as in Python; a negative step walks backwards; axes
 * that are left out are kept whole, and so is one whose entry is null.
 * @throws ShapeError for more entries than axes, or a step of 0
 */
export function slice(
  x: Tensor,
  starts: readonly (number | null)[],
  ends: readonly (number | null)[] = [],
  steps: readonly number[] = [],
): Tensor {
  if (Math.max(starts.length, ends.length, steps.length) > x.rank) {
    throw new ShapeError(
      `slice: more entries than axes; got ${starts.length} starts, ${ends.length} ends and ` +
        `${steps.length} steps for ${show(x.shape)}. Give at most one of each per axis.`,
    );
  }
  const back = backwards(x.shape, steps);
  const places = x.shape.map((n, d) => place(n, starts[d], ends[d], steps[d] ?? 1));
  return cut(
    back.length > 0 ? flip(x, back) : x,
    places.map((p) => p.start),
    places.map((p) => p.size),
    places.map((p) => p.step),
  );
}

/** The axes that a slice walks backwards. */
export const backwards = (shape: Shape, steps: readonly number[]): number[] =>
  shape.flatMap((_, d) => ((steps[d] ?? 1) < 0 ? [d] : []));

/** One axis of a slice; with a negative step in the coordinates of the reversed axis. */
export function place(
  n: number,
  from: number | null | undefined,
  to: number | null | undefined,
  step: number,
) {
  if (!Number.isInteger(step) || step === 0) {
    throw new ShapeError(`slice: step ${step} is not a whole number other than 0. Use 1, 2 or -1.`);
  }
  for (const at of [from ?? 0, to ?? 0]) {
    if (!Number.isInteger(at)) {
      throw new ShapeError(`slice: place ${at} is not a whole number. Use whole numbers or null.`);
    }
  }
  let start = from ?? null;
  let end = to ?? null;
  if (step < 0) {
    const mirror = (i: number) => n - 1 - (i < 0 ? i + n : i);
    start = start === null ? 0 : Math.max(mirror(start), 0);
    end = end === null ? n : Math.max(mirror(end), 0);
  }
  const first = clampIndex(start ?? 0, n);
  const last = clampIndex(end ?? n, n);
  const stride = Math.abs(step);
  return { start: first, size: Math.max(0, Math.ceil((last - first) / stride)), step: stride };
}

/**
 * `length` elements of one axis, from `start` on.
 * @throws ShapeError when they do not lie inside the axis
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const at = normalizeAxis("narrow", axis, x.rank);
  const n = x.shape[at]!;
  const first = start < 0 ? start + n : start;
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(length) ||
    first < 0 ||
    length < 0 ||
    first + length > n
  ) {
    throw new ShapeError(
      `narrow: elements ${start} to ${start + length} do not lie on axis ${at}; got ` +
        `${show(x.shape)}. Keep start + length at most ${n}.`,
    );
  }
  return cut(
    x,
    x.shape.map((_, d) => (d === at ? first : 0)),
    x.shape.map((m, d) => (d === at ? length : m)),
    x.shape.map(() => 1),
  );
}
