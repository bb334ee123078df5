import type { Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { eye, ones, zeros } from "../creation/creation.ts";
import { iota } from "../creation/iota.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, gt, logicalAnd, logicalOr, lt, where } from "../elementwise/compare.ts";
import { log } from "../elementwise/elementwise.ts";
import { abs, sign } from "../elementwise/extrema.ts";
import { remainder } from "../elementwise/remainder.ts";
import { expand, reshape } from "../movement/movement.ts";
import { triu } from "../movement/triangle.ts";
import { prod } from "../reduce/prod.ts";
import { sum } from "../reduce/reduce.ts";
import { max, min } from "../reduce/reduceExtrema.ts";
import { exactly, uniform } from "../samples.ts";
import { factorize, luFits, luOutput, squares } from "./lu.ts";
import { matmul } from "./matmul.ts";
import {
  asBatch,
  checkSquare,
  diagonalOf,
  flipped,
  timesDiagonal,
  unbatched,
  withDiagonal,
} from "./matrices.ts";
import { inv } from "./solve.ts";
import { svdFits, svdOfBatch } from "./svd.ts";

const perMatrix = (g: Tensor): Tensor => reshape(g, [g.size, 1, 1]);

const detOp: Unary = luOutput("det", 5, {
  vjp: ({ g, inputs: [a] }) => [mul(perMatrix(g), cofactors(a!))],
  derivative: ["g · cofactors of A (det A · A⁻ᵀ)"],
  // The second matrix is singular, the third twice so.
  samples: () => [
    [uniform([2, 3, 3])],
    [exactly([2, 3, 3], [1, 2, 3, 2, 4, 6, 1, 0, 1, 1, 2, 3, 2, 4, 6, 3, 6, 9])],
    [uniform([2, 3, 3], -2, 2, "transposed")],
  ],
});

const signOp: Unary = luOutput("detSign", 3, { vjp: () => [null], derivative: ["0"] });

const logSizeOp: Unary = luOutput("logAbsDet", 4, {
  vjp: ({ g, inputs: [a] }) => [mul(perMatrix(g), flipped(inv(a!)))],
  derivative: ["g · A⁻ᵀ"],
  samples: squares,
});

/** Up to this size the gradient is formed of minors: right for singular matrices at any order. */
const FEW = 8;

/** det A · A⁻ᵀ of [z, n, n], which exists for singular A too: the derivative of det. */
function cofactors(a: Tensor): Tensor {
  const n = a.shape[1]!;
  if (n <= FEW) return minors(a);
  if (!svdFits(n, n)) return byInverse(a);
  const pivots = abs(diagonalOf(factorize(a).factors));
  const ill = perMatrix(lt(min(pivots, 1), mul(max(pivots, 1), n * 1e-7)));
  const unit = eye(n, n, { device: a.device });
  const apart = withDiagonal(unit, cast(iota(n, a.device), "float32"));
  // Each rule sees only matrices that it can take: NaN would survive the choice afterwards.
  return where(ill, bySingularValues(where(ill, a, apart)), byInverse(where(ill, unit, a)));
}

/** Cofactor (i, j) is the determinant with row i and column j replaced by those of a unit. */
function minors(a: Tensor): Tensor {
  const [z, n] = a.shape as [number, number];
  const index = iota(n, a.device);
  const along = (axis: number) =>
    reshape(
      index,
      [1, 1, 1, 1, 1].map((_, d) => (d === axis ? n : 1)),
    );
  const [row, column] = [eq(along(1), along(3)), eq(along(2), along(4))];
  const inner = where(logicalOr(row, column), 0, reshape(a, [z, 1, 1, n, n]));
  const each = where(logicalAnd(row, column), 1, inner);
  return reshape(detOp(reshape(each, [z * n * n, n, n])), [z, n, n]);
}

const byInverse = (a: Tensor): Tensor => mul(perMatrix(ofBatch(a)), flipped(inv(a)));

/** With A = U S Vᵀ: det U det V · U diag(products of the other singular values) Vᵀ. */
function bySingularValues(a: Tensor): Tensor {
  const [u, s, vt] = svdOfBatch(a);
  const n = a.shape[1]!;
  const others = prod(withDiagonal(expand(reshape(s, [-1, 1, n]), a.shape), 1), 2);
  const turned = mul(signOp(u), signOp(vt));
  return matmul(timesDiagonal(u, mul(others, reshape(turned, [-1, 1]))), vt);
}

/** +1 or -1: whether an order swaps an even or an odd number of pairs. */
function parity(order: Tensor): Tensor {
  const [z, n] = order.shape as [number, number];
  const behind = gt(reshape(order, [z, n, 1]), reshape(order, [z, 1, n]));
  const swaps = sum(triu(cast(behind, "int32"), 1), [1, 2]);
  return where(eq(remainder(swaps, 2), 0), 1, -1);
}

function ofBatch(a: Tensor): Tensor {
  const n = a.shape[1]!;
  if (luFits(n, n)) return detOp(a);
  const { factors, order } = factorize(a);
  return mul(parity(order), prod(diagonalOf(factors), 1));
}

/**
 * Determinant. Its gradient is right for singular matrices, too: up to 8x8 at every order, up to
 * 45x45 at the first. @param a [..., n, n]  @returns [...]  @throws ShapeError unless square
 */
export function det(a: Tensor): Tensor {
  checkSquare("det", a);
  if (a.shape.at(-1) === 0) return ones(a.shape.slice(0, -2), { device: a.device });
  return a.size === 0
    ? zeros(a.shape.slice(0, -2), { device: a.device })
    : unbatched(ofBatch(asBatch(a)), a);
}

/**
 * Sign and logarithm of the size of the determinant, which itself may overflow: [sign, ln |det|];
 * of a singular matrix 0 and -Infinity. @param a [..., n, n]  @returns two tensors [...]
 * @throws ShapeError unless square
 */
export function slogdet(a: Tensor): [Tensor, Tensor] {
  checkSquare("slogdet", a);
  const lead = a.shape.slice(0, -2);
  const n = a.shape.at(-1)!;
  const { device } = a;
  if (a.size === 0) return [ones(lead, { device }), zeros(lead, { device })];
  const batch = asBatch(a);
  if (luFits(n, n)) return [unbatched(signOp(batch), a), unbatched(logSizeOp(batch), a)];
  const { factors, order } = factorize(batch);
  const pivots = diagonalOf(factors);
  const signs = mul(parity(order), prod(sign(pivots), 1));
  return [unbatched(signs, a), unbatched(sum(log(abs(pivots)), 1), a)];
}

/**
 * ln det A; NaN where the determinant is negative. @param a [..., n, n]  @returns [...]
 * @throws ShapeError unless square
 */
export function logdet(a: Tensor): Tensor {
  const [signs, size] = slogdet(a);
  return where(lt(signs, 0), Number.NaN, size);
}
