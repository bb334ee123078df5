import { ShapeError, ValueError } from "../../core/errors.ts";
import { normalizeAxis, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { cut, zeroPad } from "../movement/window.ts";
import { sum } from "../reduce/reduce.ts";

/** How windows lie along an axis of `size` places. */
export interface Windows {
  readonly size: number;
  /** Windows, and places of each. */
  readonly count: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/**
 * The windows along axis 1 of x [a, size, b] as a view [a, kernel, count, b]. The axis is repeated
 * and then cut into rows that are `dilation` longer than whole repetitions: row k starts at
 * k * dilation, since the axis comes round again.
 */
export function toWindows(x: Tensor, w: Windows): Tensor {
  const [a, , b] = x.shape as [number, number, number];
  const { row, times } = periods(w);
  const again = expand(reshape(x, [a, 1, w.size, b]), [a, times, w.size, b]);
  const flat = head(reshape(again, [a, times * w.size, b]), 1, w.kernel * row);
  const rows = head(reshape(flat, [a, w.kernel, row, b]), 2, w.count * w.stride);
  const starts = head(reshape(rows, [a, w.kernel, w.count, w.stride, b]), 3, 1);
  return reshape(starts, [a, w.kernel, w.count, b]);
}

/** The transpose of `toWindows`: each place of [a, size, b] is the sum of what shows it. */
export function fromWindows(y: Tensor, w: Windows): Tensor {
  const [a, , , b] = y.shape as [number, number, number, number];
  const { row, times } = periods(w);
  const starts = grow(reshape(y, [a, w.kernel, w.count, 1, b]), 3, w.stride);
  const rows = grow(reshape(starts, [a, w.kernel, w.count * w.stride, b]), 2, row);
  const flat = grow(reshape(rows, [a, w.kernel * row, b]), 1, times * w.size);
  return sum(reshape(flat, [a, times, w.size, b]), 1);
}

/** The length of a row, which all starts fit in, and how often the axis fills all rows. */
function periods({ size, count, kernel, stride, dilation }: Windows) {
  const whole = Math.max(0, Math.ceil((count * stride - dilation) / size));
  const row = whole * size + dilation;
  return { row, times: Math.ceil((kernel * row) / size) };
}

/** The first places along an axis. */
function head(x: Tensor, axis: number, size: number): Tensor {
  const none = x.shape.map(() => 0);
  return cut(
    x,
    none,
    x.shape.with(axis, size),
    none.map(() => 1),
  );
}

/** Zeros behind, up to a size. */
function grow(x: Tensor, axis: number, size: number): Tensor {
  const none = x.shape.map(() => 0);
  return zeroPad(x, none, none.with(axis, size - x.shape[axis]!));
}

/**
 * Windows of `size` neighbours along an axis, `step` apart: PyTorch's Tensor.unfold, a view.
 * @returns x's axes with the number of windows at `axis`, and the places of a window as last axis
 * @throws ShapeError when a window is larger than the axis
 */
export function slidingWindows(x: Tensor, axis: number, size: number, step = 1): Tensor {
  if (x.rank === 0) return reshape(slidingWindows(reshape(x, [1]), axis, size, step), [size]);
  const at = normalizeAxis("slidingWindows", axis, x.rank);
  const n = x.shape[at]!;
  if (!Number.isInteger(size) || size < 0 || size > n) {
    throw new ShapeError(
      `slidingWindows: a window has from 0 to ${n} places along axis ${at}; got size ${size} for ` +
        `${show(x.shape)}. Take smaller windows, or pad first.`,
    );
  }
  if (!Number.isInteger(step) || step < 1) {
    throw new ValueError(
      `slidingWindows: the step is a whole number of at least 1; got ${step}. Use for example 1.`,
    );
  }
  const count = Math.floor((n - size) / step) + 1;
  const [before, after] = [x.shape.slice(0, at), x.shape.slice(at + 1)];
  const wanted = [...before, size, count, ...after];
  const flat = reshape(x, [sizeOf(before), n, sizeOf(after)]);
  const none = { size: n, count, kernel: size, stride: step, dilation: 1 };
  const windows =
    size === 0
      ? expand(reshape(head(flat, 1, 0), [sizeOf(before), 0, 1, sizeOf(after)]), [
          sizeOf(before),
          0,
          count,
          sizeOf(after),
        ])
      : toWindows(flat, none);
  const axes = [...wanted.keys()].filter((d) => d !== at);
  return permute(reshape(windows, wanted as Shape), [...axes, at]);
}
