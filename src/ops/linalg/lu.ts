import { luKernel } from "../../../kernels/linalg/lu.ts";
import { WORKGROUP_WORDS, wordsOf } from "../../../kernels/linalg/smallMatrix.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { defineOp, kernel, type OpDefinition, type Unary, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { add, sub } from "../elementwise/arithmetic.ts";
import { gather3, scatterAdd3 } from "../indexing/gatherOps.ts";
import { cat } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { tril, triu } from "../movement/triangle.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { luReference } from "./factorReferences.ts";
import { matmul } from "./matmul.ts";
import { flipped, float32 } from "./matrices.ts";
import { solveTriangle } from "./triangular.ts";

/** The kernel's decomposition of [z, m, n] with m ≥ n, one op for each of its results. */

const outputs = (_: Attrs, [a]: readonly Spec[]): Spec[] => {
  const [z, m, n] = a!.shape as [number, number, number];
  const int = (...shape: number[]): Spec => ({ shape, dtype: "int32" });
  return [float32(z, m, n), int(z, m), int(z, n), float32(z), float32(z), float32(z)];
};

/** Square matrices far from singular; a view, and none at all. */
export const squares = (): [SampleInput][] => [
  [uniform([2, 3, 3])],
  [uniform([2, 3, 3], -2, 2, "transposed")],
  [uniform([0, 2, 2])],
];

/** One result of the decomposition. */
export function luOutput(
  name: string,
  output: number,
  rest: Pick<OpDefinition<1>, "vjp" | "derivative"> & Partial<OpDefinition<1>>,
): Unary {
  const op: Unary = defineOp<1>({
    name,
    arity: 1,
    shape: ([a]) => outputs({}, [{ shape: a!, dtype: "float32" }])[output]!.shape,
    dtype: () => ({
      operands: ["float32"],
      result: output === 1 || output === 2 ? "int32" : "float32",
    }),
    forward: kernel({
      family: "lu",
      output,
      outputs,
      strided: () => true,
      source: luKernel,
      reference: luReference,
    }),
    batch: joinLeading,
    samples: squares,
    ...rest,
  });
  return op;
}

/** Whether one kernel holds [z, m, n]. */
export const luFits = (m: number, n: number): boolean => wordsOf(m, n) + m <= WORKGROUP_WORDS;

/** Rows in another order: out[z, i] = x[z, order[z, i]]. */
export const takeRows = (x: Tensor, order: Tensor): Tensor =>
  gather3(x, expand(reshape(order, [...order.shape, 1]), x.shape), { trusted: true });

const putRows = (x: Tensor, order: Tensor): Tensor =>
  scatterAdd3(x, expand(reshape(order, [...order.shape, 1]), x.shape), {
    size: x.shape[1]!,
    trusted: true,
  });

const unitLower = { upper: false, unit: true };

/**
 * With F = [L₁ \ U; L₂] and P A = [L₁; L₂] U: the gradient of P A is
 * L₁⁻ᵀ (strict lower(L₁ᵀ g_L₁) + upper(g_U Uᵀ - L₂ᵀ g_L₂)) U⁻ᵀ above, g_L₂ U⁻ᵀ below.
 */
function factorSlope({ g, out, inputs: [a] }: VjpCall): [Tensor] {
  const [, m, n] = out.shape as [number, number, number];
  const [f, g1] = [narrow(out, 1, 0, n), narrow(g, 1, 0, n)];
  const gl = tril(g1, -1);
  const low = add(gl, matmul(flipped(tril(f, -1)), gl));
  let high = matmul(triu(g1), flipped(triu(f)));
  const below = m > n ? narrow(g, 1, n, m - n) : null;
  if (below) high = sub(high, matmul(flipped(narrow(out, 1, n, m - n)), below));
  const middle = add(tril(low, -1), triu(high));
  const top = solveTriangle(flipped(f), middle, { upper: true, unit: true });
  const rows = below ? joinRows(top, below) : top;
  const turned = flipped(solveTriangle(f, flipped(rows), { upper: true, unit: false }));
  return [putRows(turned, luOrder(a!))];
}

const luFactors: Unary = luOutput("luFactors", 0, {
  vjp: factorSlope,
  derivative: ["L⁻ᵀ (lower(Lᵀ g) + upper(g Uᵀ)) U⁻ᵀ in the old order of rows"],
  samples: () => [...squares(), [uniform([1, 4, 2])]],
});

const none = { nondifferentiable: "its values are the numbers of rows", derivative: ["none"] };
const luOrder: Unary = luOutput("luOrder", 1, { ...none, vjp: null });
export const luPivots: Unary = luOutput("luPivots", 2, { ...none, vjp: null });

export interface Factors {
  /** L below the diagonal, which is 1, and U. [z, m, n] */
  readonly factors: Tensor;
  /** Row i of P A is row order[z, i] of A. [z, m], int32 */
  readonly order: Tensor;
}

const joinRows = (a: Tensor, b: Tensor): Tensor => cat([a, b], 1);
const joinColumns = (a: Tensor, b: Tensor): Tensor => cat([a, b], 2);

/** P A = L U of matrices of any size: what no kernel holds is halved by columns. */
export function factorize(a: Tensor): Factors {
  const [, m, n] = a.shape as [number, number, number];
  if (m >= n && luFits(m, n)) return { factors: luFactors(a), order: luOrder(a) };
  const half = m < n ? m : Math.floor(n / 2);
  const left = factorize(narrow(a, 2, 0, half));
  const right = takeRows(narrow(a, 2, half, n - half), left.order);
  const corner = narrow(left.factors, 1, 0, half);
  const high = solveTriangle(corner, narrow(right, 1, 0, half), unitLower);
  if (half === m) return { factors: joinColumns(left.factors, high), order: left.order };
  const low = narrow(left.factors, 1, half, m - half);
  const rest = factorize(sub(narrow(right, 1, half, m - half), matmul(low, high)));
  const tail = reshape(narrow(left.order, 1, half, m - half), [a.shape[0]!, m - half, 1]);
  const order = cat(
    [narrow(left.order, 1, 0, half), reshape(takeRows(tail, rest.order), rest.order.shape)],
    1,
  );
  const bottom = joinColumns(takeRows(low, rest.order), rest.factors);
  return { factors: joinRows(joinColumns(corner, high), bottom), order };
}
