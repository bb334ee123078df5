import { ShapeError } from "../../core/errors.ts";
import { broadcast, sameShape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { expand, permute, reshape, transpose } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { matmul } from "./matmul.ts";
import { outer } from "./tensordot.ts";

/** Products of given ranks, with a factor and a summand. */

/** @throws ShapeError unless each tensor has the rank that the function takes */
function checkRanks(op: string, ranks: readonly number[], ...tensors: readonly Tensor[]): void {
  if (tensors.every((x, i) => x.rank === ranks[i])) return;
  const wanted = ranks.map((r) => `${r}-D`).join(" and ");
  throw new ShapeError(
    `${op}: it takes ${wanted} tensors; got ${tensors.map((x) => show(x.shape)).join(", ")}. ` +
      "matmul takes any rank and broadcasts.",
  );
}

/** Matrix product of two matrices, [m, k] and [k, n]. @throws ShapeError for other ranks */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkRanks("mm", [2, 2], a, b);
  return matmul(a, b);
}

/**
 * Matrix products of two batches, [z, m, k] and [z, k, n]; the batch does not broadcast.
 * @throws ShapeError for other ranks or sizes
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkRanks("bmm", [3, 3], a, b);
  if (a.shape[0] === b.shape[0]) return matmul(a, b);
  throw new ShapeError(
    `bmm: the batches differ; got ${show(a.shape)} and ${show(b.shape)}. Use matmul to broadcast.`,
  );
}

/** Matrix times vector, [m, k] and [k]. @throws ShapeError for other ranks */
export function mv(a: Tensor, x: Tensor): Tensor {
  checkRanks("mv", [2, 1], a, x);
  return matmul(a, x);
}

/** Σ a·b of two 1-D tensors of one size. @throws ShapeError for other ranks */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkRanks("dot", [1, 1], a, b);
  return matmul(a, b);
}

/**
 * Σ a·b, as `dot`: in PyTorch it would conjugate complex numbers.
 * @throws ShapeError for other ranks
 */
export const vdot = dot;

/** Factors of `addmm` and its kin. */
export interface ScaleOptions {
  /** Of the summand; 0 leaves it out, even where it is NaN. Default 1. */
  readonly beta?: number;
  /** Of the product. Default 1. */
  readonly alpha?: number;
}

const scaled = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : mul(x, factor));

/** beta·input + alpha·product, where the input broadcasts to the product. */
function plus(op: string, input: Tensor, product: Tensor, options: ScaleOptions): Tensor {
  const { alpha = 1, beta = 1 } = options;
  if (!sameShape(broadcast(op, [product.shape, input.shape]), product.shape)) {
    throw new ShapeError(
      `${op}: the input does not broadcast to the product; got ${show(input.shape)} for ` +
        `${show(product.shape)}. Leave out its extra axes.`,
    );
  }
  const term = scaled(product, alpha);
  return beta === 0 ? term : add(scaled(input, beta), term);
}

/**
 * beta·input + alpha·(a b) for matrices a [m, k] and b [k, n].
 * @throws ShapeError for other ranks or sizes
 */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options: ScaleOptions = {}): Tensor {
  checkRanks("addmm", [2, 2], a, b);
  return plus("addmm", input, matmul(a, b), options);
}

/**
 * beta·input + alpha·(a x) for a matrix [m, k] and a vector [k].
 * @throws ShapeError for other ranks or sizes
 */
export function addmv(input: Tensor, a: Tensor, x: Tensor, options: ScaleOptions = {}): Tensor {
  checkRanks("addmv", [2, 1], a, x);
  return plus("addmv", input, matmul(a, x), options);
}

/**
 * beta·input + alpha·(a bᵀ) for vectors a [m] and b [n].
 * @throws ShapeError for other ranks or sizes
 */
export function addr(input: Tensor, a: Tensor, b: Tensor, options: ScaleOptions = {}): Tensor {
  checkRanks("addr", [1, 1], a, b);
  return plus("addr", input, outer(a, b), options);
}

/**
 * beta·input + alpha·(a b) for batches [z, m, k] and [z, k, n].
 * @throws ShapeError for other ranks or sizes
 */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options: ScaleOptions = {}): Tensor {
  return plus("baddbmm", input, bmm(a, b), options);
}

/**
 * beta·input + alpha·Σ over the batch of a b, for [z, m, k] and [z, k, n].
 * @throws ShapeError for other ranks or sizes
 */
export function addbmm(input: Tensor, a: Tensor, b: Tensor, options: ScaleOptions = {}): Tensor {
  return plus("addbmm", input, sum(bmm(a, b), 0), options);
}

/**
 * y = x Wᵀ + b. @param x [..., in]  @param weight [out, in], or [in] for one output
 * @param bias [out]  @returns [..., out]  @throws ShapeError when the sizes do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  if (weight.rank === 0 || weight.rank > 2 || x.shape[x.rank - 1] !== weight.shape.at(-1)) {
    throw new ShapeError(
      `linear: the last axis of x must be that of the weight [out, in]; got ${show(x.shape)} ` +
        `and ${show(weight.shape)}.`,
    );
  }
  const y = matmul(x, transposedIfMatrix(weight));
  return bias ? add(y, bias) : y;
}

const transposedIfMatrix = (weight: Tensor): Tensor =>
  weight.rank === 1 ? weight : transpose(weight);

/**
 * y[…, o] = Σᵢⱼ a[…, i] W[o, i, j] b[…, j] + bias[o].
 * @param a [..., n]  @param b [..., m]  @param weight [out, n, m]  @param bias [out]
 * @throws ShapeError when the sizes do not fit
 */
export function bilinear(a: Tensor, b: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  const [out, n, m] = weight.shape as readonly [number, number, number];
  const lead = a.shape.slice(0, -1);
  const fits = weight.rank === 3 && a.shape.at(-1) === n && b.shape.at(-1) === m;
  if (!fits || !sameShape(lead, b.shape.slice(0, -1))) {
    throw new ShapeError(
      "bilinear: the inputs [..., n] and [..., m] must fit the weight [out, n, m]; got " +
        `${show(a.shape)}, ${show(b.shape)} and ${show(weight.shape)}.`,
    );
  }
  const rows = sizeOf(lead);
  const flat = reshape(permute(weight, [1, 0, 2]), [n, out * m]);
  const half = reshape(matmul(reshape(a, [rows, n]), flat), [rows, out, m]);
  const y = reshape(matmul(half, reshape(b, [rows, m, 1])), [...lead, out]);
  return bias ? add(y, expand(bias, y.shape)) : y;
}
