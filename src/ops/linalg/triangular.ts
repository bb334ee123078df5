import { MOST_ROWS, triangularSolveKernel } from "../../../kernels/linalg/substitution.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { show } from "../../core/shape.ts";
import { defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { neg } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { tril, triu } from "../movement/triangle.ts";
import { exactly, type SampleInput, uniform } from "../samples.ts";
import { triangularSolveReference } from "./factorReferences.ts";
import { matmul } from "./matmul.ts";
import { alignBatches, asBatch, checkMatrix, checkSquare, flipped, inFloat32 } from "./matrices.ts";

interface TriangleAttrs extends Attrs {
  readonly upper: boolean;
  /** The diagonal counts as 1. */
  readonly unit: boolean;
}

type TriangularSolve = (t: TensorLike, b: TensorLike, attrs: TriangleAttrs) => Tensor;

/** T with a safe diagonal. */
const triangle = (layout: SampleInput["layout"] = "plain"): SampleInput => {
  const x = uniform([2, 3, 3], -1, 1, layout);
  return { ...x, values: x.values.map((v) => (v < 0 ? v - 1 : v + 1)) };
};

/** X with T X = B, for one triangle T [z, n, n] and B [z, n, k]. */
const triangularOp: TriangularSolve = defineOp<2, TriangleAttrs>({
  name: "solveTriangular",
  arity: 2,
  shape: ([, b]) => b!,
  dtype: inFloat32,
  key: (attrs) => `${attrs.upper ? "u" : "l"}${attrs.unit ? "1" : ""}`,
  forward: kernel({
    family: "solveTriangular",
    outputs: (_, [, b]) => [{ shape: b!.shape, dtype: "float32" }],
    strided: () => true,
    source: triangularSolveKernel,
    reference: triangularSolveReference,
  }),
  vjp: ({ g, out, inputs: [t], attrs }) => {
    const turned = { upper: !attrs.upper, unit: attrs.unit };
    const gb = triangularOp(flipped(t!), g, turned);
    const all = neg(matmul(gb, flipped(out)));
    return [attrs.upper ? triu(all, attrs.unit ? 1 : 0) : tril(all, attrs.unit ? -1 : 0), gb];
  },
  batch: joinLeading,
  operands: ["T", "B"],
  derivative: ["the triangle of -(T⁻ᵀ g) yᵀ", "T⁻ᵀ g"],
  samples: () => [
    [triangle(), uniform([2, 3, 2]), { upper: false, unit: false }],
    [triangle("transposed"), uniform([2, 3, 1]), { upper: true, unit: true }],
    [exactly([1, 1, 1], [2]), uniform([1, 1, 20]), { upper: true, unit: false }],
    [uniform([0, 2, 2]), uniform([0, 2, 3]), { upper: true, unit: false }],
  ],
});

/** T X = B for [z, n, n] and [z, n, k] of any size from 0 on. */
export function solveTriangle(t: Tensor, b: Tensor, attrs: TriangleAttrs): Tensor {
  if (b.size === 0) return b;
  if (t.shape[1]! <= MOST_ROWS) return triangularOp(t, b, attrs);
  throw new ShapeError(
    `solveTriangular: systems have at most ${MOST_ROWS} rows; got ${show(t.shape)}. ` +
      "Solve by blocks, or on the cpu with another library.",
  );
}

/** Y with Y T = B: the same from the right. */
export const solveTriangleRight = (t: Tensor, b: Tensor, attrs: TriangleAttrs): Tensor =>
  flipped(solveTriangle(flipped(t), flipped(b), { ...attrs, upper: !attrs.upper }));

export interface TriangularOptions {
  /** The triangle that is read. */
  readonly upper: boolean;
  /** A X = B (the default), else X A = B. */
  readonly left?: boolean;
  /** The diagonal counts as 1 and is not read. Default false. */
  readonly unitriangular?: boolean;
}

/**
 * X with A X = B for triangular A; the other triangle is not read. Where the diagonal has a 0 the
 * result is infinite. @param a [..., n, n]  @param b [..., n, k]; leading axes broadcast
 * @throws ShapeError when the sizes do not fit
 */
export function solveTriangular(a: Tensor, b: Tensor, options: TriangularOptions): Tensor {
  const { upper: up, left = true, unitriangular: unit = false } = options;
  checkSquare("solveTriangular", a);
  checkMatrix("solveTriangular", b);
  if (a.shape.at(-1) !== b.shape.at(left ? -2 : -1)) {
    throw new ShapeError(
      `solveTriangular: the right side does not fit; got ${show(a.shape)} and ${show(b.shape)}. ` +
        `Axis ${left ? -2 : -1} of b must have the size of the matrix.`,
    );
  }
  const [t, c] = alignBatches("solveTriangular", a, b) as [Tensor, Tensor];
  const attrs = { upper: up, unit };
  const x = (left ? solveTriangle : solveTriangleRight)(asBatch(t), asBatch(c), attrs);
  return reshape(x, c.shape);
}

/**
 * The older `torch.triangular_solve(b, A)`: solves A X = b, or Aᵀ X = b; only X is given back.
 * @throws ShapeError when the sizes do not fit
 */
export function triangularSolve(
  b: Tensor,
  a: Tensor,
  options: { upper?: boolean; transpose?: boolean; unitriangular?: boolean } = {},
): Tensor {
  const { upper: up = true, transpose = false, unitriangular = false } = options;
  const t = transpose ? flipped(a) : a;
  return solveTriangular(t, b, { upper: up !== transpose, unitriangular });
}
