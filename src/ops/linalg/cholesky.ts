import { choleskyKernel } from "../../../kernels/linalg/cholesky.ts";
import { WORKGROUP_WORDS, wordsOf } from "../../../kernels/linalg/smallMatrix.ts";
import { defineOp, kernel, type Unary, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { eye } from "../creation/creation.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cat } from "../movement/join.ts";
import { expand } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { tril } from "../movement/triangle.ts";
import { zeroPad } from "../movement/window.ts";
import { same } from "../rules.ts";
import { uniform } from "../samples.ts";
import { choleskyReference } from "./factorReferences.ts";
import { matmul } from "./matmul.ts";
import { checkSquare, flipped, inFloat32, overBatch } from "./matrices.ts";
import { solveTriangle, solveTriangleRight, solveTriangular } from "./triangular.ts";

const INDEFINITE =
  "cholesky: a matrix is not positive definite. It must be symmetric with eigenvalues above 0: " +
  "add a small multiple of the identity, or use eigh.";

const low = { upper: false, unit: false };

/** With M = lower(Lᵀ g) of halved diagonal: L⁻ᵀ (M + Mᵀ) L⁻¹ / 2, symmetric as A is. */
function slope({ g, out }: VjpCall): [Tensor] {
  const m = tril(matmul(flipped(out), g));
  const both = mul(add(m, flipped(tril(m, -1))), 0.5);
  const left = solveTriangle(flipped(out), both, { upper: true, unit: false });
  return [solveTriangleRight(out, left, low)];
}

/** L with A = L Lᵀ, of [z, n, n]; only the lower triangle is read. */
const choleskyOp: Unary = defineOp<1>({
  name: "cholesky",
  arity: 1,
  shape: same,
  dtype: inFloat32,
  forward: kernel({
    family: "cholesky",
    outputs: (_, [a]) => [{ shape: a!.shape, dtype: "float32" }],
    strided: () => true,
    source: (call) => choleskyKernel(call, INDEFINITE),
    reference: choleskyReference(INDEFINITE),
  }),
  vjp: slope,
  batch: joinLeading,
  derivative: ["L⁻ᵀ sym(lower(Lᵀ g)) L⁻¹"],
  samples: () => [
    [uniform([2, 3, 3])],
    [uniform([2, 3, 3], -2, 2, "transposed")],
    [uniform([0, 2, 2])],
  ],
  // The derivative holds for symmetric matrices: the sample is made one, and positive definite.
  sampleCall: ((x: Tensor) =>
    choleskyOp(
      add(matmul(x, flipped(x)), eye(x.shape[1]!, undefined, { device: x.device })),
    )) as never,
});

/** By blocks where no kernel holds the matrix: L₁₁ of the corner, then the rest without it. */
function blocks(a: Tensor): Tensor {
  const n = a.shape[1]!;
  if (wordsOf(n, n) <= WORKGROUP_WORDS) return choleskyOp(a);
  const half = Math.ceil(n / 2);
  const left = narrow(a, 2, 0, half);
  const corner = blocks(narrow(left, 1, 0, half));
  const below = solveTriangleRight(flipped(corner), narrow(left, 1, half, n - half), {
    upper: true,
    unit: false,
  });
  const rest = narrow(narrow(a, 1, half, n - half), 2, half, n - half);
  const last = blocks(sub(rest, matmul(below, flipped(below))));
  return cat([zeroPad(corner, [0, 0, 0], [0, 0, n - half]), cat([below, last], 2)], 1);
}

function ofBatch(a: Tensor): Tensor {
  const n = a.shape[1]!;
  if (a.size === 0) return a;
  return wordsOf(n, n) <= WORKGROUP_WORDS ? choleskyOp(a) : blocks(mul(add(a, flipped(a)), 0.5));
}

/**
 * Cholesky decomposition: lower triangular L with A = L Lᵀ, or `upper` U with A = Uᵀ U, of
 * symmetric positive definite A, of which that triangle is read. The gradient is symmetric.
 * @param a [..., n, n]
 * @throws ShapeError unless square; LinAlgError at the next await when A is not positive definite
 */
export function cholesky(a: Tensor, { upper = false }: { upper?: boolean } = {}): Tensor {
  checkSquare("cholesky", a);
  return upper ? flipped(overBatch(ofBatch, flipped(a))) : overBatch(ofBatch, a);
}

/**
 * X with A X = B from the Cholesky factor of A. @param b [..., n, k]  @param l [..., n, n] lower
 * triangular, or upper (`upper`)
 * @throws ShapeError unless l is square and b has as many rows
 */
export function choleskySolve(
  b: Tensor,
  l: Tensor,
  { upper = false }: { upper?: boolean } = {},
): Tensor {
  const factor = upper ? flipped(l) : l;
  const half = solveTriangular(factor, b, { upper: false });
  return solveTriangular(flipped(factor), half, { upper: true });
}

/**
 * A⁻¹ from the Cholesky factor of A. @param l [..., n, n]
 * @returns [..., n, n]
 * @throws ShapeError unless square
 */
export function choleskyInverse(l: Tensor, options: { upper?: boolean } = {}): Tensor {
  checkSquare("choleskyInverse", l);
  return choleskySolve(
    expand(eye(l.shape.at(-1)!, undefined, { device: l.device }), l.shape),
    l,
    options,
  );
}
