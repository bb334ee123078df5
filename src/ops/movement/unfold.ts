import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { movedim } from "./axes.ts";
import { expand, reshape } from "./movement.ts";
import { cut } from "./window.ts";

/**
 * Tensor.unfold: all windows of `size` neighbours along an axis, `step` apart; a view, in which
 * the axis counts windows and a new last axis their elements: out[…, i, …, j] = x[…, i·step + j, …].
 * @throws ShapeError when the window is longer than the axis, or the step less than 1
 */
export function unfoldAxis(x: Tensor, axis: number, size: number, step = 1): Tensor {
  // A scalar counts as one element along axis 0, as in PyTorch.
  const line = x.rank === 0 ? reshape(x, [1]) : x;
  const at = normalizeAxis("unfoldAxis", axis, line.rank);
  const n = line.shape[at]!;
  const whole = Number.isInteger(size) && Number.isInteger(step);
  if (!whole || size < 0 || size > n || step < 1) {
    throw new ShapeError(
      `unfoldAxis: windows of ${size} elements, ${step} apart, do not lie on axis ${at}; got ` +
        `${show(x.shape)}. Use a size from 0 to ${n} and a step of 1 or more.`,
    );
  }
  const count = Math.floor((n - size) / step) + 1;
  const windows = slide(movedim(line, at, -1), size, count, step);
  const out = movedim(windows, -2, at);
  return x.rank === 0 ? reshape(out, [size]) : out;
}

/**
 * [..., n] as [..., count, size]. Copies of a row one behind the other, cut into rows of n + 1,
 * start one place later in each row: element (j, i) is x[i + j].
 */
function slide(x: Tensor, size: number, count: number, step: number): Tensor {
  const lead = x.shape.slice(0, -1);
  const n = x.shape.at(-1)!;
  const zeros = lead.map(() => 0);
  const ones = lead.map(() => 1);
  if (size === 0)
    return cut(expandLast(x, count), [...zeros, 0, 0], [...lead, count, 0], [...ones, 1, 1]);
  const copies = Math.ceil((size * (n + 1)) / n);
  const repeated = expand(reshape(x, [...lead, 1, n]), [...lead, copies, n]);
  const flat = reshape(repeated, [...lead, copies * n]);
  const used = cut(flat, [...zeros, 0], [...lead, size * (n + 1)], [...ones, 1]);
  const rows = reshape(used, [...lead, size, n + 1]);
  const kept = cut(rows, [...zeros, 0, 0], [...lead, size, count], [...ones, 1, step]);
  return movedim(kept, -1, -2);
}

const expandLast = (x: Tensor, count: number): Tensor => {
  const lead = x.shape.slice(0, -1);
  const n = x.shape.at(-1)!;
  return expand(reshape(x, [...lead, 1, n]), [...lead, count, n]);
};
