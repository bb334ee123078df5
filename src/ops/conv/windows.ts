import type { Tensor } from "../../tensor/tensor.ts";
import { expand, reshape } from "../movement/movement.ts";
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
