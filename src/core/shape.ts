import { ShapeError } from "./errors.ts";

export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
};

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

export const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Sizes are whole numbers from 0 on. @throws ShapeError naming the first that is not. */
export function checkShape(op: string, shape: Shape): void {
  for (let d = 0; d < shape.length; d++) {
    const n = shape[d];
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError(
        `${op}: size ${n} at axis ${d} is not a whole number of at least 0; got ${show(shape)}. ` +
          "Give each axis a size such as 0, 1 or 28.",
      );
    }
  }
}

/** NumPy's broadcasting: axes align at the right; sizes must be equal or 1. */
export function broadcast(op: string, shapes: readonly Shape[]): Shape {
  const first = shapes[0];
  if (shapes.every((s) => sameShape(s, first))) return first;
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let d = 0; d < shape.length; d++) {
      const at = rank - shape.length + d;
      const n = shape[d];
      if (n === 1 || n === out[at]) continue;
      if (out[at] !== 1) throw broadcastError(op, shapes, at, out[at], n);
      out[at] = n;
    }
  }
  return out;
}

function broadcastError(op: string, shapes: readonly Shape[], axis: number, a: number, b: number) {
  const names = shapes.map((s, i) => `${"abcdefgh"[i] ?? `#${i}`} ${show(s)}`).join(", ");
  return new ShapeError(
    `${op}: axis ${axis} has sizes ${a} and ${b}, which do not broadcast; got ${names}. ` +
      "Make them equal, or make one of them 1.",
  );
}

/** A negative axis counts from the end. @throws ShapeError when it is outside the rank. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || at < 0 || at >= rank) {
    throw new ShapeError(
      rank === 0
        ? `${op}: axis ${axis} is out of range; got a scalar, which has no axes. Leave the axis out.`
        : `${op}: axis ${axis} is out of range; got a tensor of rank ${rank}. ` +
            `Use an axis from ${-rank} to ${rank - 1}.`,
    );
  }
  return at;
}

/** Axes of a reduction: all when none are given; sorted, each at most once. */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  if (axes === undefined || axes === null) return Array.from({ length: rank }, (_, d) => d);
  const list = (typeof axes === "number" ? [axes] : axes).map((a) => normalizeAxis(op, a, rank));
  const sorted = [...list].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] === sorted[i - 1]) {
      throw new ShapeError(
        `${op}: axis ${sorted[i]} is given twice; got axes ${show(list)}. Name each axis once.`,
      );
    }
  }
  return sorted;
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((n, d) => (axes.includes(d) ? 1 : n));
  return shape.filter((_, d) => !axes.includes(d));
}
