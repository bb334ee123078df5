import { orthogonalizeKernel } from "../../../kernels/linalg/orthogonalize.ts";
import { WORKGROUP_WORDS, wordsOf } from "../../../kernels/linalg/smallMatrix.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { show } from "../../core/shape.ts";
import {
  type Binary,
  defineOp,
  kernel,
  type OpDefinition,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { eye, zeros } from "../creation/creation.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { ge, where } from "../elementwise/compare.ts";
import { cat, unsqueeze } from "../movement/join.ts";
import { expand } from "../movement/movement.ts";
import { same } from "../rules.ts";
import { uniform } from "../samples.ts";
import { orthogonalizeReference } from "./jacobiReferences.ts";
import { matmul } from "./matmul.ts";
import {
  asBatch,
  checkMatrix,
  diagonalOf,
  flipped,
  float32,
  inFloat32,
  timesDiagonal,
  unbatched,
  withDiagonal,
} from "./matrices.ts";
import { completion, qrOfBatch } from "./qr.ts";

/** The kernel's decomposition of [z, m, n] with m ≥ n: lengths S, vectors V, products W = A V. */

const outputs = (_: Attrs, [a]: readonly Spec[]): Spec[] => {
  const [z, m, n] = a!.shape as [number, number, number];
  return [float32(z, n), float32(z, n, n), float32(z, m, n)];
};

function svdOutput(
  name: string,
  output: number,
  rest: Pick<OpDefinition<1>, "vjp" | "derivative"> & Partial<OpDefinition<1>>,
): Unary {
  const op: Unary = defineOp<1>({
    name,
    arity: 1,
    shape: ([a]) => outputs({}, [{ shape: a!, dtype: "float32" }])[output]!.shape,
    dtype: inFloat32,
    forward: kernel({
      family: "svd",
      output,
      outputs,
      strided: () => true,
      source: orthogonalizeKernel,
      reference: orthogonalizeReference,
    }),
    batch: joinLeading,
    samples: () => [[uniform([2, 4, 3])], [uniform([2, 4, 3], -2, 2, "transposed")]],
    ...rest,
  });
  return op;
}

/** (X - Xᵀ)ᵢⱼ / (sⱼ² - sᵢ²), 0 on the diagonal. */
function turns(x: Tensor, s: Tensor): Tensor {
  const [row, column] = [unsqueeze(s, -2), unsqueeze(s, -1)];
  const gaps = withDiagonal(mul(sub(row, column), add(row, column)), 1);
  return div(sub(x, flipped(x)), gaps);
}

/** U diag(g) Vᵀ. */
const lengthsOp: Unary = svdOutput("singularValues", 0, {
  vjp: ({ g, inputs: [a] }) => [matmul(timesDiagonal(leftVectors(a!), g), flipped(rightOp(a!)))],
  derivative: ["U diag(g) Vᵀ"],
});

/** U S turns(Vᵀ g) Vᵀ (Townsend 2016). */
const rightOp: Unary = svdOutput("rightSingularVectors", 1, {
  vjp: ({ g, out, inputs: [a] }) => {
    const s = lengthsOp(a!);
    const inner = matmul(timesDiagonal(leftVectors(a!), s), turns(matmul(flipped(out), g), s));
    return [matmul(inner, flipped(out))];
  },
  derivative: ["U S turns(Vᵀ g) Vᵀ"],
});

/** Only a way to U: the gradient goes through U's own rule. */
const productsOp: Unary = svdOutput("svdProducts", 2, {
  vjp: null,
  nondifferentiable: "it is a step on the way to the left singular vectors, which have a rule",
  derivative: ["none"],
});

/**
 * U itself, with its derivative as a function of A:
 * (U turns(Uᵀ g) S + (g - U Uᵀ g) / S) Vᵀ, the second part where A is not square.
 */
const leftOp: Binary = defineOp<2>({
  name: "leftSingularVectors",
  arity: 2,
  shape: same,
  dtype: inFloat32,
  forward: pointwise({ wgsl: ([, u]) => u!, js: () => (_, u) => u! }),
  vjp: ({ g, out, inputs: [a] }) => {
    const s = lengthsOp(a!);
    const along = matmul(flipped(out), g);
    const inner = timesDiagonal(matmul(out, turns(along, s)), s);
    const [m, n] = out.shape.slice(-2) as [number, number];
    const outside = () => div(sub(g, matmul(out, along)), unsqueeze(s, -2));
    return [matmul(m > n ? add(inner, outside()) : inner, flipped(rightOp(a!))), null];
  },
  derivative: ["(U turns(Uᵀ g) S + (g - U Uᵀ g) / S) Vᵀ", "none"],
  samples: () => [[uniform([2, 4, 3])]],
  sampleCall: ((a: Tensor) => leftVectors(a)) as never,
});

/** The directions of W's columns by QR, which makes them orthonormal even where S is 0. */
function leftVectors(a: Tensor): Tensor {
  const value = noGrad(() => {
    const [q, r] = qrOfBatch(productsOp(a));
    return timesDiagonal(q, where(ge(diagonalOf(r), 0), 1, -1));
  });
  return leftOp(a, value);
}

/** Whether one kernel holds [z, m, n]. */
export const svdFits = (m: number, n: number): boolean =>
  wordsOf(Math.max(m, n) + Math.min(m, n), Math.min(m, n)) + Math.min(m, n) <= WORKGROUP_WORDS;

function checkFits(op: string, a: Tensor): void {
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (svdFits(m, n)) return;
  throw new ShapeError(
    `${op}: a matrix of ${m} by ${n} is too large: (m + n) · min(m, n) may be about 4000 (45 by ` +
      `45); got ${show(a.shape)}. Take fewer rows or columns, or eigh of AᵀA in blocks.`,
  );
}

/** U [z, m, k], S [z, k], Vᵀ [z, k, n] of [z, m, n] that are not empty. */
export function svdOfBatch(a: Tensor): [Tensor, Tensor, Tensor] {
  const [, m, n] = a.shape as [number, number, number];
  if (m >= n) return [leftVectors(a), lengthsOp(a), flipped(rightOp(a))];
  const turned = flipped(a);
  return [rightOp(turned), lengthsOp(turned), flipped(leftVectors(turned))];
}

/**
 * Singular value decomposition A = U diag(S) Vᵀ, S descending, by one-sided Jacobi rotations. With
 * `fullMatrices` (the default, as in PyTorch) U and Vᵀ are square; their columns behind the
 * smaller size have no gradient. The first large part of each vector in V (of a wide matrix: in U)
 * is positive. The gradient of vectors is infinite where singular values are equal.
 * @param a [..., m, n]  @returns [U, S, Vᵀ]  @throws ShapeError for too large matrices
 */
export function svd(
  a: Tensor,
  { fullMatrices = true }: { fullMatrices?: boolean } = {},
): [Tensor, Tensor, Tensor] {
  checkMatrix("svd", a);
  checkFits("svd", a);
  const batch = asBatch(a);
  const [z, m, n] = batch.shape as [number, number, number];
  const k = Math.min(m, n);
  const { device } = a;
  const none = [[z, m, k] as const, [z, k] as const, [z, k, n] as const] as const;
  let [u, s, vt] =
    batch.size > 0
      ? svdOfBatch(batch)
      : (none.map((shape) => zeros(shape, { device })) as [Tensor, Tensor, Tensor]);
  const unit = (size: number) => expand(eye(size, size, { device }), [z, size, size]);
  if (fullMatrices && m > k) u = k * z === 0 ? unit(m) : cat([u, completion(u)], 2);
  if (fullMatrices && n > k) {
    vt = k * z === 0 ? unit(n) : cat([vt, flipped(completion(flipped(vt)))], 1);
  }
  return [unbatched(u, a), unbatched(s, a), unbatched(vt, a)];
}

/** The singular values alone, descending; see `svd`. @param a [..., m, n]  @returns [..., k] */
export function svdvals(a: Tensor): Tensor {
  checkMatrix("svdvals", a);
  checkFits("svdvals", a);
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (a.size === 0) {
    return zeros([...a.shape.slice(0, -2), Math.min(m, n)], { device: a.device });
  }
  const batch = asBatch(a);
  return unbatched(lengthsOp(m >= n ? batch : flipped(batch)), a);
}
