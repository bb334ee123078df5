import { isFloat } from "../../core/dtype.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import { broadcast, normalizeAxis, type Shape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { ne } from "../elementwise/compare.ts";
import { cat } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { sum } from "../reduce/reduce.ts";
import { cumsum } from "./scans.ts";

export interface DiffOptions {
  /** How often differences are taken; 1 is the default. */
  readonly n?: number;
  readonly axis?: number;
  /** Put in front of x, and behind it, along the axis before. */
  readonly prepend?: Tensor | null;
  readonly append?: Tensor | null;
}

/**
 * x[k + 1] - x[k] along an axis, n times; for bool whether both differ.
 * @returns the axis n shorter  @throws ShapeError for a scalar; ValueError for a wrong n
 */
export function diff(
  x: Tensor,
  { n = 1, axis = -1, prepend = null, append = null }: DiffOptions = {},
): Tensor {
  const at = normalizeAxis("diff", axis, x.rank);
  if (!Number.isInteger(n) || n < 0) {
    throw new ValueError(`diff: n is a whole number of at least 0; got ${n}. Use 1 or 2.`);
  }
  if (n === 0) return x;
  const parts = [prepend, x, append].filter((part) => part !== null);
  let out = parts.length === 1 ? x : cat(parts, at);
  for (let i = 0; i < n; i++) out = neighbours(out, at, out.dtype === "bool" ? ne : sub, true);
  return out;
}

/** f(x[k + 1], x[k]), or of the other order, along an axis; nothing where there are no neighbours. */
function neighbours(
  x: Tensor,
  axis: number,
  f: (a: Tensor, b: Tensor) => Tensor,
  backwards = false,
): Tensor {
  const m = Math.max(x.shape[axis]! - 1, 0);
  const [low, high] = [narrow(x, axis, 0, m), narrow(x, axis, x.shape[axis]! - m, m)];
  return backwards ? f(high, low) : f(low, high);
}

export interface TrapezoidOptions {
  /** The points, in the shape of y or 1-D along the axis. */
  readonly x?: Tensor | null;
  /** The distance of all points, where `x` is not given; 1 is the default. */
  readonly dx?: number;
  readonly axis?: number;
}

/** (y[k] + y[k + 1])/2 times the width of each piece. */
function pieces(op: string, y: Tensor, { x = null, dx, axis = -1 }: TrapezoidOptions) {
  const at = normalizeAxis(op, axis, y.rank);
  if (x !== null && dx !== undefined) {
    throw new ValueError(`${op}: both x and dx are given; got dx ${dx}. Give one of them.`);
  }
  const values = isFloat(y.dtype) ? y : cast(y, "float32");
  const means = (t: Tensor) => mul(neighbours(t, at, add), 0.5);
  if (x === null) return { at, areas: mul(means(values), dx ?? 1) };
  const points = pointsAlong(op, y.shape, x, at);
  const widths = diff(points, { axis: points.rank - y.rank + at });
  return { at, areas: mul(means(values), widths) };
}

/** The points with the axes of y. */
function pointsAlong(op: string, y: Shape, x: Tensor, axis: number): Tensor {
  const n = y[axis]!;
  if (x.rank === 1 && x.shape[0] === n)
    return reshape(
      x,
      y.map((_, d) => (d === axis ? n : 1)),
    );
  const fits = x.rank === y.length && x.shape[axis] === n;
  if (fits && broadcast(op, [x.shape, y]).length === y.length) return x;
  throw new ShapeError(
    `${op}: there is not one point per value; got y ${show(y)}, x ${show(x.shape)}. ` +
      `Give x as [${n}], or with as many axes as y and ${n} along axis ${axis}.`,
  );
}

/**
 * ∫ y dx along an axis by the trapezoidal rule: Σ (x[k + 1] - x[k])·(y[k] + y[k + 1])/2.
 * @returns the shape of y without the axis
 * @throws ShapeError when x does not fit; ValueError for both x and dx
 */
export function trapezoid(y: Tensor, options: TrapezoidOptions = {}): Tensor {
  const { at, areas } = pieces("trapezoid", y, options);
  return sum(areas, at);
}

/** The integral up to each point after the first; otherwise as `trapezoid`. */
export function cumulativeTrapezoid(y: Tensor, options: TrapezoidOptions = {}): Tensor {
  const { at, areas } = pieces("cumulativeTrapezoid", y, options);
  return cumsum(areas, at);
}
