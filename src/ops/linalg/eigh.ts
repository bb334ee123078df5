import { eighKernel } from "../../../kernels/linalg/eigh.ts";
import { WORKGROUP_WORDS, wordsOf } from "../../../kernels/linalg/smallMatrix.ts";
import { ShapeError, ValueError } from "../../core/errors.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { show } from "../../core/shape.ts";
import { defineOp, kernel, type OpDefinition } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { zeros } from "../creation/creation.ts";
import { add, div, sub } from "../elementwise/arithmetic.ts";
import { unsqueeze } from "../movement/join.ts";
import { exactly } from "../samples.ts";
import { eighReference } from "./jacobiReferences.ts";
import { matmul } from "./matmul.ts";
import {
  asBatch,
  checkSquare,
  flipped,
  float32,
  inFloat32,
  timesDiagonal,
  unbatched,
  withDiagonal,
} from "./matrices.ts";

interface TriangleAttrs extends Attrs {
  readonly upper: boolean;
}

type OfTriangle = (a: TensorLike, attrs: TriangleAttrs) => Tensor;

const outputs = (_: Attrs, [a]: readonly Spec[]): Spec[] => {
  const [z, n] = a!.shape as [number, number];
  return [float32(z, n), float32(z, n, n)];
};

const TWO = [3, 1, -0.5, 0.2, -2, 0.7, 0.4, -1, 0.5, 1, 2, -1, 0.3, 4, 1.5, -0.6, 0.9, -3];

function eighOutput(
  name: string,
  output: number,
  rest: Pick<OpDefinition<1, TriangleAttrs>, "vjp" | "derivative">,
): OfTriangle {
  const op: OfTriangle = defineOp<1, TriangleAttrs>({
    name,
    arity: 1,
    shape: ([a]) => outputs({}, [{ shape: a!, dtype: "float32" }])[output]!.shape,
    dtype: inFloat32,
    key: ({ upper }) => (upper ? "u" : "l"),
    forward: kernel({
      family: "eigh",
      output,
      outputs,
      strided: () => true,
      source: eighKernel,
      reference: eighReference,
    }),
    batch: joinLeading,
    samples: () => [
      [exactly([2, 3, 3], TWO), { upper: false }],
      [exactly([1, 2, 2], TWO), { upper: true }],
    ],
    // The derivative holds for symmetric matrices.
    sampleCall: ((x: Tensor, attrs: TriangleAttrs) => op(add(x, flipped(x)), attrs)) as never,
    ...rest,
  });
  return op;
}

const valuesOp: OfTriangle = eighOutput("eigenvalues", 0, {
  vjp: ({ g, inputs: [a], attrs }) => {
    const v = vectorsOp(a!, attrs);
    return [matmul(timesDiagonal(v, g), flipped(v))];
  },
  derivative: ["V diag(g) Vᵀ"],
});

/** V ((Vᵀ g)ᵢⱼ / (λⱼ - λᵢ), 0 on the diagonal) Vᵀ (Giles 2008, section 3.1). */
const vectorsOp: OfTriangle = eighOutput("eigenvectors", 1, {
  vjp: ({ g, out, inputs: [a], attrs }) => {
    const values = valuesOp(a!, attrs);
    const gaps = withDiagonal(sub(unsqueeze(values, -2), unsqueeze(values, -1)), 1);
    const turns = withDiagonal(div(matmul(flipped(out), g), gaps), 0);
    return [matmul(matmul(out, turns), flipped(out))];
  },
  derivative: ["V (Vᵀ g / (λⱼ - λᵢ)) Vᵀ"],
});

function prepared(op: string, a: Tensor, uplo: string): [Tensor, TriangleAttrs] {
  checkSquare(op, a);
  const n = a.shape.at(-1)!;
  if (2 * wordsOf(n, n) + n + 1 > WORKGROUP_WORDS) {
    throw new ShapeError(
      `${op}: matrices may have up to 45 rows; got ${show(a.shape)}. ` +
        "Use an iterative method, such as powers of the matrix, for larger ones.",
    );
  }
  const which = typeof uplo === "string" ? uplo.toUpperCase() : "";
  if (which === "L" || which === "U") return [asBatch(a), { upper: which === "U" }];
  throw new ValueError(`${op}: unknown triangle "${uplo}". Use "L" or "U".`);
}

/**
 * Eigenvalues, ascending, and orthonormal eigenvectors of symmetric matrices: A V = V diag(λ), by
 * Jacobi's method. Only the lower triangle is read ("U": the upper). The first large part of each
 * vector is positive. The gradient of the vectors is infinite where eigenvalues are equal. There
 * is no `eig`: the eigenvalues of other matrices are complex.
 * @param a [..., n, n], n ≤ 45  @returns [λ [..., n], V [..., n, n]]
 * @throws ShapeError unless square and so small, ValueError for another triangle
 */
export function eigh(a: Tensor, uplo: "L" | "U" = "L"): [Tensor, Tensor] {
  const [batch, attrs] = prepared("eigh", a, uplo);
  if (a.size === 0) return [noValues(a), zeros(a.shape, { device: a.device })];
  return [unbatched(valuesOp(batch, attrs), a), unbatched(vectorsOp(batch, attrs), a)];
}

/** The eigenvalues alone; see `eigh`. */
export function eigvalsh(a: Tensor, uplo: "L" | "U" = "L"): Tensor {
  const [batch, attrs] = prepared("eigvalsh", a, uplo);
  return a.size === 0 ? noValues(a) : unbatched(valuesOp(batch, attrs), a);
}

const noValues = (a: Tensor): Tensor => zeros(a.shape.slice(0, -1), { device: a.device });
