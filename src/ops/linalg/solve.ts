import { luSolveKernel, MOST_ROWS } from "../../../kernels/linalg/substitution.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { sameShape, show } from "../../core/shape.ts";
import { defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { eye } from "../creation/creation.ts";
import { neg } from "../elementwise/arithmetic.ts";
import { unsqueeze } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { uniform } from "../samples.ts";
import { luSolveReference } from "./factorReferences.ts";
import { factorize } from "./lu.ts";
import { matmul } from "./matmul.ts";
import { alignBatches, asBatch, checkSquare, flipped } from "./matrices.ts";

interface SolveAttrs extends Attrs {
  /** Solves Aᵀ X = B. */
  readonly adjoint: boolean;
}

type Solve = (
  a: TensorLike,
  factors: TensorLike,
  order: TensorLike,
  b: TensorLike,
  attrs: SolveAttrs,
) => Tensor;

const SINGULAR =
  "solve: a matrix is singular, so that it has no inverse and its system no single solution. " +
  "Add a small multiple of the identity, or use pinv or lstsq.";

/**
 * X with A X = B from the factors of A, which the derivative needs again: they are inputs, but
 * have no gradient of their own. A [z, n, n], factors [z, n, n], order [z, n], B [z, n, k].
 */
const solveOp: Solve = defineOp<4, SolveAttrs>({
  name: "solve",
  arity: 4,
  shape: ([, , , b]) => b!,
  dtype: () => ({ operands: ["float32", "float32", "int32", "float32"], result: "float32" }),
  key: ({ adjoint }) => (adjoint ? "t" : ""),
  forward: kernel({
    family: "solve",
    outputs: (_, [, , , b]) => [{ shape: b!.shape, dtype: "float32" }],
    strided: () => true,
    source: (call) => luSolveKernel(call, SINGULAR),
    reference: luSolveReference(SINGULAR),
  }),
  vjp: ({ g, out, inputs: [a, factors, order], attrs: { adjoint } }) => {
    const gb = solveOp(a!, factors!, order!, g, { adjoint: !adjoint });
    const ga = adjoint ? matmul(out, flipped(gb)) : matmul(gb, flipped(out));
    return [neg(ga), null, null, gb];
  },
  batch: joinLeading,
  operands: ["A", "factors", "order", "B"],
  derivative: ({ adjoint }) =>
    adjoint ? ["-y (A⁻¹ g)ᵀ", "none", "none", "A⁻¹ g"] : ["-(A⁻ᵀ g) yᵀ", "none", "none", "A⁻ᵀ g"],
  samples: () => [
    [uniform([2, 3, 3]), uniform([2, 3, 2])],
    [uniform([2, 3, 3], -2, 2, "transposed"), uniform([2, 3, 1], -2, 2, "sliced")],
    [uniform([0, 2, 2]), uniform([0, 2, 3])],
  ],
  sampleCall: ((a: Tensor, b: Tensor) => solveBatch(a, b)) as never,
});

function solveBatch(a: Tensor, b: Tensor): Tensor {
  if (b.size === 0) return b;
  if (a.shape[1]! > MOST_ROWS) {
    throw new ShapeError(
      `solve: systems have at most ${MOST_ROWS} rows; got ${show(a.shape)}. Use an iterative method.`,
    );
  }
  const { factors, order } = factorize(a);
  return solveOp(a, factors, order, b, { adjoint: false });
}

/** b holds vectors, one per matrix, rather than matrices. */
const isVector = (a: Tensor, b: Tensor): boolean =>
  b.rank === 1 || (b.rank === a.rank - 1 && sameShape(b.shape, a.shape.slice(0, -1)));

/**
 * X with A X = B (X A = B where `left` is false), by LU decomposition with partial pivoting.
 * @param a [..., n, n]  @param b [..., n, k], or vectors [n] or [..., n]; leading axes broadcast
 * @throws ShapeError when the sizes do not fit; LinAlgError at the next await when A is singular
 */
export function solve(a: Tensor, b: Tensor, { left = true }: { left?: boolean } = {}): Tensor {
  checkSquare("solve", a);
  const vector = isVector(a, b);
  const right = vector ? unsqueeze(b, left ? -1 : -2) : b;
  if (right.rank < 2 || a.shape.at(-1) !== right.shape.at(left ? -2 : -1)) {
    throw new ShapeError(
      `solve: the right side does not fit the matrix; got ${show(a.shape)} and ${show(b.shape)}. ` +
        `Give [..., ${a.shape.at(-1)}, k] or vectors of ${a.shape.at(-1)}.`,
    );
  }
  const sides = left ? [a, right] : [flipped(a), flipped(right)];
  const [m, c] = alignBatches("solve", ...sides) as [Tensor, Tensor];
  const x = reshape(solveBatch(asBatch(m), asBatch(c)), c.shape);
  const out = left ? x : flipped(x);
  if (!vector) return out;
  const at = out.rank - (left ? 1 : 2);
  return reshape(out, out.shape.toSpliced(at, 1));
}

/**
 * A⁻¹. @param a [..., n, n]
 * @throws ShapeError unless square; LinAlgError at the next await when a matrix is singular
 */
export function inv(a: Tensor): Tensor {
  checkSquare("inv", a);
  const n = a.shape.at(-1)!;
  return solve(a, expand(eye(n, n, { device: a.device }), a.shape));
}

/**
 * The inverse of a linear map between tensors: the first `axes` axes of a are its result.
 * @param a axes whose sizes multiply to the same number before and after `axes`
 * @throws ShapeError when the sizes do not make it square; LinAlgError at the next await when it is
 * singular
 */
export function tensorinv(a: Tensor, axes = 2): Tensor {
  const [out, from] = [a.shape.slice(0, axes), a.shape.slice(axes)];
  const n = out.reduce((p, size) => p * size, 1);
  return reshape(inv(reshape(a, [n, a.size / Math.max(n, 1)])), [...from, ...out]);
}

/**
 * X with tensordot(a, X, b's rank…) = b: a as a linear map between tensors, its first axes those of
 * b. @param a [...b, ...x], both of one size  @param b any shape  @returns [...x]
 * @throws ShapeError when the sizes do not fit; LinAlgError at the next await when it is singular
 */
export function tensorsolve(a: Tensor, b: Tensor): Tensor {
  if (!sameShape(a.shape.slice(0, b.rank), b.shape)) {
    throw new ShapeError(
      `tensorsolve: the first axes of a must be those of b; got ${show(a.shape)} and ` +
        `${show(b.shape)}. Permute a.`,
    );
  }
  const x = solve(reshape(a, [b.size, a.size / Math.max(b.size, 1)]), reshape(b, [b.size]));
  return reshape(x, a.shape.slice(b.rank));
}
