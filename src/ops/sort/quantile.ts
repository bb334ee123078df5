import { isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensor } from "../creation/creation.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, isNan, logicalNot, lt, where } from "../elementwise/compare.ts";
import { clamp, clampMin } from "../elementwise/extrema.ts";
import { ceil, floor, round } from "../elementwise/rounding.ts";
import { gather } from "../indexing/indexing.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { any, sum } from "../reduce/reduce.ts";
import { linesOf } from "../scan/lines.ts";
import { sort } from "./sort.ts";

export type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";

export interface QuantileOptions {
  /** All elements are taken when it is left out. */
  readonly axis?: number | null;
  readonly keepDims?: boolean;
  /** What is given between two elements: "linear" (the default), "nearest", … */
  readonly interpolation?: Interpolation;
}

const KINDS: readonly Interpolation[] = ["linear", "lower", "higher", "midpoint", "nearest"];

type Fraction = number | readonly number[] | Tensor;

function checkCall(op: string, x: Tensor, q: Fraction, kind: Interpolation): void {
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${op}: it takes floats; got ${x.dtype}. Convert with x.cast("float32").`);
  }
  if (!KINDS.includes(kind)) {
    throw new ValueError(
      `${op}: unknown interpolation; got "${String(kind)}". Use one of ${KINDS.join(", ")}.`,
    );
  }
  if (q instanceof Tensor) {
    if (q.rank <= 1 && isFloat(q.dtype)) return;
    throw new ShapeError(
      `${op}: q is a float scalar or a list of them; got ${q.dtype} ${show(q.shape)}. Flatten it.`,
    );
  }
  const wrong = [q].flat().find((f) => !(f >= 0 && f <= 1));
  if (wrong === undefined) return;
  throw new ValueError(`${op}: q is from 0 to 1; got ${wrong}. Divide percentages by 100.`);
}

/** Lines of numbers, NaN last; of what no line has, or none: ShapeError. */
function sortedLines(op: string, x: Tensor, axis: number | null) {
  const seen = linesOf(op, axis === null ? reshape(x, [x.size]) : x, axis ?? 0);
  if (seen.lines.shape[1] !== 0) return { ...seen, sorted: sort(seen.lines, 1).values };
  throw new ShapeError(
    `${op}: there is no quantile of no elements; got ${show(x.shape)}. Check the size first.`,
  );
}

/** The rank of the last element that counts: the first NaN's where there is one, if it counts. */
function lastRank(lines: Tensor, skipNan: boolean): Tensor {
  const n = lines.shape[1]!;
  const lost = isNan(lines);
  if (!skipNan) return where(any(lost, 1, true), Number.NaN, n - 1);
  return clampMin(sub(sum(cast(logicalNot(lost), "float32"), 1, true), 1), 0);
}

function interpolated(sorted: Tensor, ranks: Tensor, kind: Interpolation): Tensor {
  const n = sorted.shape[1]!;
  const at = (rank: Tensor) =>
    gather(sorted, 1, withRange(cast(clamp(rank, 0, n - 1), "int32"), [0, n - 1]));
  if (kind === "lower") return at(floor(ranks));
  if (kind === "higher") return at(ceil(ranks));
  if (kind === "nearest") return at(round(ranks));
  const below = floor(ranks);
  const [a, b] = [at(below), at(ceil(ranks))];
  // Two equal infinities give themselves.
  const apart = where(eq(a, b), 0, sub(b, a));
  if (kind === "midpoint") return add(a, mul(apart, 0.5));
  const weight = sub(ranks, below);
  const fromAbove = sub(b, mul(apart, sub(1, weight)));
  return where(lt(weight, 0.5), add(a, mul(apart, weight)), fromAbove);
}

/** float32 knows sizes to 2²⁴ only: ranks of numbers are made on the host, from exact sizes. */
function ranksOf(q: Fraction, x: Tensor, last: Tensor, n: number, skipNan: boolean): Tensor {
  const count = q instanceof Tensor ? q.size : [q].flat().length;
  if (!(q instanceof Tensor) && !skipNan) {
    const exact = [q].flat().map((f) => f * (n - 1));
    const ranks = tensor(exact, { device: x.device });
    return where(isNan(last), last, reshape(ranks, [1, count, 1]));
  }
  const fractions = q instanceof Tensor ? q : tensor([q].flat(), { device: x.device });
  return mul(last, reshape(fractions, [1, count, 1]));
}

function quantiles(op: string, x: Tensor, q: Fraction, options: QuantileOptions, skipNan: boolean) {
  const { axis = null, keepDims = false, interpolation = "linear" } = options;
  checkCall(op, x, q, interpolation);
  const { axis: at, lines, sorted } = sortedLines(op, x, axis);
  const [outer, n, inner] = lines.shape as [number, number, number];
  const last = lastRank(lines, skipNan);
  const rank = ranksOf(q, x, last, n, skipNan);
  const count = rank.shape[1]!;
  const ranks = expand(rank, [outer, count, inner]);
  // Where a NaN counts, its own NaN is the result: no rank leads there.
  const lost = isNan(ranks);
  const values = interpolated(sorted, where(lost, 0, ranks), interpolation);
  const found = permute(skipNan ? values : where(lost, Number.NaN, values), [1, 0, 2]);
  const rest = axis === null ? x.shape.map(() => 1) : x.shape.map((m, d) => (d === at ? 1 : m));
  const kept =
    keepDims || x.rank === 0 ? rest : axis === null ? [] : rest.filter((_, d) => d !== at);
  const scalar = typeof q === "number" || (q instanceof Tensor && q.rank === 0);
  return reshape(found, scalar ? kept : [count, ...kept]);
}

/**
 * The elements below which the fractions q of all lie, over all elements or along an axis: at rank
 * q·(n - 1) of the sorted ones, and between two of them by `interpolation`. NaN where one is NaN.
 * @param q a number from 0 to 1, several, or a float tensor [] or [m], which may have a gradient
 * @returns the shape without the axis; for several q with their number in front
 * @throws ShapeError of no elements; DTypeError unless x is a float; ValueError for a wrong q
 */
export const quantile = (x: Tensor, q: Fraction, options: QuantileOptions = {}): Tensor =>
  quantiles("quantile", x, q, options, false);

/** As `quantile`, over the elements that are not NaN; NaN where all are. */
export const nanquantile = (x: Tensor, q: Fraction, options: QuantileOptions = {}): Tensor =>
  quantiles("nanquantile", x, q, options, true);
