import { qrKernel } from "../../../kernels/linalg/householder.ts";
import { WORKGROUP_WORDS, wordsOf } from "../../../kernels/linalg/smallMatrix.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { show } from "../../core/shape.ts";
import { defineOp, kernel, type OpDefinition, type Unary } from "../../tensor/op.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { eye, zeros } from "../creation/creation.ts";
import { add, neg } from "../elementwise/arithmetic.ts";
import { cat } from "../movement/join.ts";
import { expand } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { tril } from "../movement/triangle.ts";
import { zeroPad } from "../movement/window.ts";
import { uniform } from "../samples.ts";
import { qrReference } from "./factorReferences.ts";
import { matmul } from "./matmul.ts";
import { asBatch, checkMatrix, flipped, float32, inFloat32, unbatched } from "./matrices.ts";
import { solveTriangle } from "./triangular.ts";

/** The kernel's decomposition of [z, m, n] with m ≥ n, one op for each of its results. */

const outputs = (_: Attrs, [a]: readonly Spec[]): Spec[] => {
  const [z, m, n] = a!.shape as [number, number, number];
  return [float32(z, m, n), float32(z, n, n)];
};

function qrOutput(
  name: string,
  output: number,
  rest: Pick<OpDefinition<1>, "vjp" | "derivative">,
): Unary {
  const op: Unary = defineOp<1>({
    name,
    arity: 1,
    shape: ([a]) => outputs({}, [{ shape: a!, dtype: "float32" }])[output]!.shape,
    dtype: inFloat32,
    forward: kernel({
      family: "qr",
      output,
      outputs,
      strided: () => true,
      source: qrKernel,
      reference: qrReference,
    }),
    batch: joinLeading,
    samples: () => [[uniform([2, 4, 3])], [uniform([2, 4, 3], -2, 2, "transposed")]],
    ...rest,
  });
  return op;
}

/** (gQ + Q sym(lower M)) R⁻ᵀ with M = R gRᵀ - gQᵀ Q (Seeger et al. 2017, arXiv:1710.08717). */
function slope(gq: Tensor | null, m: Tensor, q: Tensor, r: Tensor): [Tensor] {
  const symmetric = add(tril(m), flipped(tril(m, -1)));
  const inside = matmul(q, symmetric);
  const all = gq === null ? inside : add(gq, inside);
  return [flipped(solveTriangle(r, flipped(all), { upper: true, unit: false }))];
}

/** Q [z, m, n] with orthonormal columns. */
const qOp: Unary = qrOutput("qrQ", 0, {
  vjp: ({ g, out, inputs: [a] }) => slope(g, neg(matmul(flipped(g), out)), out, rOp(a!)),
  derivative: ["(g + Q sym(lower M)) R⁻ᵀ, M = -gᵀ Q"],
});

/** R [z, n, n], upper triangular. */
const rOp: Unary = qrOutput("qrR", 1, {
  vjp: ({ g, out, inputs: [a] }) => slope(null, matmul(out, flipped(g)), qOp(a!), out),
  derivative: ["Q sym(lower(R gᵀ)) R⁻ᵀ"],
});

function checkFits(m: number, n: number, a: Tensor): void {
  if (wordsOf(m, n) + n <= WORKGROUP_WORDS) return;
  throw new ShapeError(
    `qr: a matrix of ${m} by ${n} is too large, at most about 4000 elements fit (63 by 63); got ` +
      `${show(a.shape)}. Decompose blocks of rows, or use cholesky(AᵀA).`,
  );
}

/** Q and R of [z, m, n] with Q [z, m, k], k the smaller of m and n. */
export function qrOfBatch(a: Tensor): [Tensor, Tensor] {
  const [z, m, n] = a.shape as [number, number, number];
  const { device } = a;
  const k = Math.min(m, n);
  if (z * k === 0) return [zeros([z, m, k], { device }), zeros([z, k, n], { device })];
  checkFits(m, k, a);
  if (m >= n) return [qOp(a), rOp(a)];
  const corner = narrow(a, 2, 0, m);
  const q = qOp(corner);
  return [q, cat([rOp(corner), matmul(flipped(q), narrow(a, 2, m, n - m))], 2)];
}

/** What completes the basis that the columns of [z, m, n] begin: any will do, so no derivative. */
export function completion(a: Tensor): Tensor {
  const [z, m, n] = a.shape as [number, number, number];
  if (n === 0) return expand(eye(m, m, { device: a.device }), [z, m, m]);
  checkFits(m, m, a);
  return noGrad(() => narrow(qOp(zeroPad(a, [0, 0, 0], [0, 0, m - n])), 2, n, m - n));
}

export type QrMode = "reduced" | "complete" | "r";

/**
 * A = Q R with orthonormal columns in Q and upper triangular R, by Householder reflections; signs
 * as in LAPACK. "reduced": Q [..., m, k], R [..., k, n], k the smaller of m and n; "complete":
 * Q [..., m, m], R [..., m, n], the columns behind k without gradient; "r": Q is empty.
 * The gradient needs R, or its first m columns, to be regular. @param a [..., m, n]
 * @throws ShapeError for too large matrices, ValueError for another mode
 */
export function qr(a: Tensor, mode: QrMode = "reduced"): [Tensor, Tensor] {
  checkMatrix("qr", a);
  if (!["reduced", "complete", "r"].includes(mode)) {
    throw new ValueError(`qr: unknown mode "${mode}". Use "reduced", "complete" or "r".`);
  }
  const batch = asBatch(a);
  const [q, r] = qrOfBatch(batch);
  const [, m, n] = batch.shape as [number, number, number];
  if (mode === "r") return [zeros([0], { device: a.device }), unbatched(r, a)];
  if (mode === "reduced" || m <= n) return [unbatched(q, a), unbatched(r, a)];
  const full = n === 0 || batch.size === 0 ? completion(batch) : cat([q, completion(batch)], 2);
  return [unbatched(full, a), unbatched(zeroPad(r, [0, 0, 0], [0, m - n, 0]), a)];
}
