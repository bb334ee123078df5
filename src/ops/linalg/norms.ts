import { ShapeError, ValueError } from "../../core/errors.ts";
import { normalizeAxis, reducedShape, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul } from "../elementwise/arithmetic.ts";
import { abs } from "../elementwise/extrema.ts";
import { permute, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { vectorNorm } from "../reduce/norm.ts";
import { sum } from "../reduce/reduce.ts";
import { max, min } from "../reduce/reduceExtrema.ts";
import { checkMatrix, checkSquare } from "./matrices.ts";
import { inv } from "./solve.ts";
import { svdvals } from "./svd.ts";

/** "fro" Frobenius, "nuc" nuclear, 1 and ∞ largest column and row sum, 2 largest singular value;
 * negative orders take the smallest. */
export type MatrixOrder = "fro" | "nuc" | number;

type Pair = readonly [number, number];

function axisPair(op: string, x: Tensor, axes: readonly number[]): Pair {
  const found = axes.map((d) => normalizeAxis(op, d, x.rank));
  if (found.length === 2 && found[0] !== found[1]) return found as unknown as Pair;
  throw new ShapeError(
    `${op}: a matrix has two different axes; got axes ${show(axes)} for ${show(x.shape)}.`,
  );
}

/** The singular values of the matrices that lie in two axes: [..., k]. */
function valuesAlong(x: Tensor, [rows, columns]: Pair): Tensor {
  const lead = x.shape.map((_, d) => d).filter((d) => d !== rows && d !== columns);
  return svdvals(permute(x, [...lead, rows, columns]));
}

function bySingularValues(x: Tensor, pair: Pair, ord: "nuc" | 2 | -2): Tensor {
  const s = valuesAlong(x, pair);
  if (ord === "nuc") return sum(s, -1);
  return (ord === 2 ? max : min)(s, -1);
}

/**
 * Norm of the matrices that lie in two axes. Equal sums or singular values share the gradient.
 * @param x [..., m, n] by axes  @returns the shape without the axes
 * @throws ShapeError for other axes, or an extremum of nothing; ValueError for an unknown order
 */
export function matrixNorm(
  x: Tensor,
  ord: MatrixOrder = "fro",
  axes: readonly number[] = [-2, -1],
  keepDims = false,
): Tensor {
  checkMatrix("matrixNorm", x);
  const pair = axisPair("matrixNorm", x, axes);
  if (ord === "fro") return vectorNorm(x, 2, pair, keepDims);
  const shape = reducedShape(x.shape, pair, keepDims);
  if (ord === "nuc" || ord === 2 || ord === -2)
    return reshape(bySingularValues(x, pair, ord), shape);
  const size = Math.abs(ord as number);
  if (size !== 1 && size !== Number.POSITIVE_INFINITY) {
    throw new ValueError(
      `matrixNorm: unknown order ${String(ord)}. Use "fro", "nuc", 1, 2, Infinity, or -1, -2, -Infinity.`,
    );
  }
  const [along, other] = size === 1 ? pair : [pair[1], pair[0]];
  const extremum = (ord as number) > 0 ? max : min;
  return reshape(extremum(sum(abs(x), along, true), other, true), shape);
}

/**
 * `linalg.norm`: of vectors where one axis is given or x has one, of matrices where two are given
 * or x has two and an order is given. Without an order the 2-norm of all elements along the axes.
 * @throws ShapeError for axes that do not fit the order; ValueError for an unknown order
 */
export function norm(
  x: Tensor,
  ord: MatrixOrder | null = null,
  axes: number | readonly number[] | null = null,
  keepDims = false,
): Tensor {
  const list = typeof axes === "number" ? [axes] : axes;
  if (ord === null) return vectorNorm(x, 2, list, keepDims);
  const count = list?.length ?? x.rank;
  if (count === 2) return matrixNorm(x, ord, list ?? [-2, -1], keepDims);
  if (typeof ord === "number" && count === 1) return vectorNorm(x, ord, list, keepDims);
  throw new ShapeError(
    `linalg.norm: order ${ord} is for ${typeof ord === "number" ? "one or two axes" : "matrices"}; ` +
      `got ${show(x.shape)} with axes ${list ? show(list) : "not given"}. Name the axes.`,
  );
}

/**
 * Condition number: the largest singular value over the smallest, or ‖A‖ ‖A⁻¹‖ in another norm.
 * @param a [..., m, n], square for norms other than 2 and -2  @returns [...]
 * @throws ShapeError for other shapes; ValueError for an unknown order
 */
export function cond(a: Tensor, ord: MatrixOrder = 2): Tensor {
  checkMatrix("cond", a);
  if (ord !== 2 && ord !== -2) {
    checkSquare("cond", a);
    return mul(matrixNorm(a, ord), matrixNorm(inv(a), ord));
  }
  const s = svdvals(a);
  const k = s.shape.at(-1)!;
  const [first, last] = [narrow(s, -1, 0, 1), narrow(s, -1, k - 1, 1)];
  return reshape(ord === 2 ? div(first, last) : div(last, first), a.shape.slice(0, -2));
}
