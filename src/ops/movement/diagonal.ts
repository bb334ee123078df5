import { ShapeError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sum } from "../reduce/reduce.ts";
import { permute, reshape } from "./movement.ts";
import { cut, spread } from "./window.ts";

/** Diagonals are views: neighbours on one lie columns + 1 elements apart. */

export interface DiagonalOptions {
  /** 0 is the main diagonal, positive ones lie above it, negative ones below. */
  readonly offset?: number;
  readonly axes?: readonly [number, number];
}

function checkOffset(op: string, offset: number): void {
  if (Number.isInteger(offset)) return;
  throw new ShapeError(`${op}: offset ${offset} is not a whole number. Use 0, 1 or -1.`);
}

function twoAxes(op: string, axes: readonly [number, number], rank: number): [number, number] {
  const [a, b] = axes.map((d) => normalizeAxis(op, d, rank)) as [number, number];
  if (a !== b) return [a, b];
  throw new ShapeError(`${op}: axis ${a} is given twice; got axes ${show(axes)}. Name two axes.`);
}

/** Where a diagonal lies in x with its two axes at the end, flattened. */
export function onDiagonal(op: string, x: Tensor, offset: number, axes: readonly [number, number]) {
  checkOffset(op, offset);
  if (x.rank < 2) {
    throw new ShapeError(
      `${op}: a diagonal needs two axes; got ${show(x.shape)}. Use diagEmbed to make a matrix.`,
    );
  }
  const [a, b] = twoAxes(op, axes, x.rank);
  const order = [...x.shape.map((_, d) => d).filter((d) => d !== a && d !== b), a, b];
  const moved = permute(x, order);
  const [m, n] = moved.shape.slice(-2) as [number, number];
  const size = Math.max(0, offset >= 0 ? Math.min(m, n - offset) : Math.min(m + offset, n));
  const start = size === 0 ? 0 : offset >= 0 ? offset : -offset * n;
  const flat = reshape(moved, [...moved.shape.slice(0, -2), m * n]);
  const back = order.map((_, d) => order.indexOf(d));
  return { flat, moved, back, size, start, step: n + 1 };
}

/**
 * A view of a diagonal of two axes, which becomes the last axis: of a matrix x[i, i + offset].
 * @param x [..., m, n] by axes  @returns [..., min(m, n - offset)]
 * @throws ShapeError for fewer than two axes, or one axis twice
 */
export function diagonal(x: Tensor, { offset = 0, axes = [0, 1] }: DiagonalOptions = {}): Tensor {
  const { flat, size, start, step } = onDiagonal("diagonal", x, offset, axes);
  const lead = flat.shape.slice(0, -1);
  const ones = lead.map(() => 1);
  return cut(flat, [...lead.map(() => 0), start], [...lead, size], [...ones, step]);
}

/**
 * Matrices that have the last axis of x on a diagonal and 0 elsewhere, in two new axes.
 * @param x [..., n]  @returns [..., n + |offset|, n + |offset|] by default
 * @throws ShapeError for a scalar, or one axis twice
 */
export function diagEmbed(
  x: Tensor,
  { offset = 0, axes = [-2, -1] }: DiagonalOptions = {},
): Tensor {
  checkOffset("diagEmbed", offset);
  if (x.rank === 0) {
    throw new ShapeError("diagEmbed: a scalar has no axis to lay out; got []. Reshape it to [1].");
  }
  const [a, b] = twoAxes("diagEmbed", axes, x.rank + 1);
  const lead = x.shape.slice(0, -1);
  const n = x.shape.at(-1)! + Math.abs(offset);
  const start = offset >= 0 ? offset : -offset * n;
  const zeros = lead.map(() => 0);
  const steps = [...lead.map(() => 1), n + 1];
  const flat = spread(x, [...lead, n * n], [...zeros, start], steps);
  return permute(reshape(flat, [...lead, n, n]), orderInto(x.rank + 1, a, b));
}

/** The order that puts the last two axes at `a` and `b`. */
function orderInto(rank: number, a: number, b: number): number[] {
  let next = 0;
  return Array.from({ length: rank }, (_, d) => (d === a ? rank - 2 : d === b ? rank - 1 : next++));
}

/**
 * Of a vector the matrix with it on a diagonal; of a matrix that diagonal.
 * @throws ShapeError for another rank, or an offset that is no whole number
 */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.rank === 1) return diagEmbed(x, { offset });
  if (x.rank === 2) return diagonal(x, { offset });
  throw new ShapeError(
    `diag: only vectors and matrices; got ${show(x.shape)}. Use diagonal or diagEmbed for more axes.`,
  );
}

/**
 * The matrix with all elements of x on a diagonal.
 * @throws ShapeError for an offset that is no whole number
 */
export const diagflat = (x: Tensor, offset = 0): Tensor =>
  diagEmbed(reshape(x, [x.size]), { offset });

/** Sum of the main diagonal of a matrix. @throws ShapeError for other ranks */
export function trace(x: Tensor): Tensor {
  if (x.rank === 2) return sum(diagonal(x), 0);
  throw new ShapeError(
    `trace: not a matrix; got ${show(x.shape)}. Use sum(diagonal(x, { axes }), -1) for batches.`,
  );
}
