import { ShapeError } from "../../core/errors.ts";
import { normalizeAxes, normalizeAxis, type Shape, sameShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { lt, where } from "../elementwise/compare.ts";
import { rangeOf, withRange } from "../range.ts";
import { constantLike } from "../rules.ts";
import { reshape } from "./movement.ts";
import { narrow } from "./slice.ts";
import { zeroPad } from "./window.ts";

/**
 * Without axes of size 1: all of them, or the given ones (kept where their size is another).
 * @throws ShapeError when an axis is out of range or given twice
 */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  // A scalar counts as one element along axis 0, as in PyTorch.
  const at = axes === undefined ? null : normalizeAxes("squeeze", axes, Math.max(x.rank, 1));
  return reshape(
    x,
    x.shape.filter((n, d) => n !== 1 || (at !== null && !at.includes(d))),
  );
}

/**
 * New axes of size 1 at `axes`, counted in the result; -1 puts one last.
 * @throws ShapeError when an axis is out of range or given twice
 */
export function unsqueeze(x: Tensor, axes: number | readonly number[]): Tensor {
  const count = typeof axes === "number" ? 1 : axes.length;
  const shape = [...x.shape];
  for (const at of normalizeAxes("unsqueeze", axes, x.rank + count)) shape.splice(at, 0, 1);
  return reshape(x, shape);
}

/**
 * Joins axes `from` to `to` (both included) into one; a scalar becomes [1].
 * @throws ShapeError when an axis is out of range, or `to` stands before `from`
 */
export function flatten(x: Tensor, from = 0, to = -1): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const first = normalizeAxis("flatten", from, x.rank);
  const last = normalizeAxis("flatten", to, x.rank);
  if (first > last) {
    throw new ShapeError(
      `flatten: axis ${from} stands behind axis ${to}; got ${show(x.shape)}. Swap them.`,
    );
  }
  const joined = x.shape.slice(first, last + 1).reduce((a, n) => a * n, 1);
  return reshape(x, [...x.shape.slice(0, first), joined, ...x.shape.slice(last + 1)]);
}

/**
 * Tensors one behind the other along `axis`. Each is padded to the full size, and the place along
 * the axis chooses among them: NaN and -0 survive, which a sum of padded tensors would lose.
 * @throws ShapeError when another axis differs, or there is nothing to join
 */
export function cat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) {
    throw new ShapeError("cat: no tensors; got []. Give at least one.");
  }
  const at = normalizeAxis("cat", axis, first.rank);
  checkJoined(tensors, at);
  const parts = tensors.filter((t) => t.shape[at] !== 0);
  if (parts.length <= 1) return parts[0] ?? first;
  const total = parts.reduce((n, t) => n + t.shape[at]!, 0);
  const index = indexAlong(first, at, total);
  return choose(parts, at, total, index);
}

function choose(parts: readonly Tensor[], axis: number, total: number, index: Tensor): Tensor {
  let out: Tensor | null = null;
  let end = total;
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]!;
    const start = end - part.shape[axis]!;
    const side = (n: number) => part.shape.map((_, d) => (d === axis ? n : 0));
    const padded = zeroPad(part, side(start), side(total - end));
    out = out === null ? padded : where(lt(index, constantLike(end, index)), padded, out);
    end = start;
  }
  return withRange(out!, jointRange(parts));
}

function jointRange(parts: readonly Tensor[]): readonly [number, number] | null {
  const ranges = parts.map(rangeOf);
  if (ranges.some((r) => r === null)) return null;
  return [Math.min(...ranges.map((r) => r![0])), Math.max(...ranges.map((r) => r![1]))];
}

function checkJoined(tensors: readonly Tensor[], axis: number): void {
  const rest = (shape: Shape) => shape.filter((_, d) => d !== axis);
  const { shape } = tensors[0]!;
  for (const [i, t] of tensors.entries()) {
    if (t.rank === shape.length && sameShape(rest(t.shape), rest(shape))) continue;
    throw new ShapeError(
      `cat: tensor ${i} differs from the first outside axis ${axis}; got ${show(shape)} and ` +
        `${show(t.shape)}. Make all other axes equal.`,
    );
  }
}

/**
 * Tensors of one shape side by side along a new axis.
 * @throws ShapeError when the shapes differ
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new ShapeError("stack: no tensors; got []. Give at least one.");
  for (const [i, t] of tensors.entries()) {
    if (sameShape(t.shape, first.shape)) continue;
    throw new ShapeError(
      `stack: tensor ${i} has another shape than the first; got ${show(first.shape)} and ` +
        `${show(t.shape)}. Make them equal, or use cat.`,
    );
  }
  const at = normalizeAxis("stack", axis, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, at)),
    at,
  );
}

/** The tensors along `axis`, each without it. @throws ShapeError when the axis is out of range */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  const at = normalizeAxis("unbind", axis, x.rank);
  return Array.from({ length: x.shape[at]! }, (_, i) => select(x, at, i));
}

/**
 * The elements at one place of `axis`, without that axis; a negative place counts from the end.
 * @throws ShapeError when it is out of range
 */
export function select(x: Tensor, axis: number, place: number): Tensor {
  const at = normalizeAxis("select", axis, x.rank);
  return reshape(
    narrow(x, at, place, 1),
    x.shape.filter((_, d) => d !== at),
  );
}
