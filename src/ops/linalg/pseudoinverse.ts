import { ValueError } from "../../core/errors.ts";
import { type Binary, defineOp, pointwise } from "../../tensor/op.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { zeros } from "../creation/creation.ts";
import { add, div, mul, sub } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { gt, where } from "../elementwise/compare.ts";
import { maximum } from "../elementwise/extrema.ts";
import { sum } from "../reduce/reduce.ts";
import { max } from "../reduce/reduceExtrema.ts";
import { same } from "../rules.ts";
import { uniform } from "../samples.ts";
import { matmul } from "./matmul.ts";
import { checkMatrix, flipped, inFloat32, timesDiagonal } from "./matrices.ts";
import { svd, svdvals } from "./svd.ts";

export interface ToleranceOptions {
  /** Singular values up to this are taken for 0. Default 0. */
  readonly atol?: number;
  /** The same as a part of the largest; the default is 1.2e-7 · max(m, n), 0 beside an atol. */
  readonly rtol?: number;
}

const EPSILON = 2 ** -23;

/** What singular values must exceed: [..., 1] */
function threshold(op: string, a: Tensor, s: Tensor, { atol = 0, rtol }: ToleranceOptions): Tensor {
  const [m, n] = a.shape.slice(-2) as [number, number];
  const part = rtol ?? (atol > 0 ? 0 : Math.max(m, n) * EPSILON);
  if (!(part >= 0 && atol >= 0)) {
    throw new ValueError(
      `${op}: tolerances are at least 0; got atol ${atol}, rtol ${part}. Leave them out.`,
    );
  }
  return maximum(mul(max(s, -1, true), part), atol);
}

/**
 * P = A⁺ itself, with its derivative as a function of Aᵀ, which has P's shape, while the rank
 * stays (Golub & Pereyra 1973, equation 4.12).
 */
const pinvOp: Binary = defineOp<2>({
  name: "pinv",
  arity: 2,
  shape: same,
  dtype: inFloat32,
  forward: pointwise({ wgsl: ([, p]) => p!, js: () => (_, p) => p! }),
  vjp: ({ g, out: p, inputs: [at] }) => {
    const [a, pt] = [flipped(at!), flipped(p)];
    const outside = matmul(matmul(p, pt), sub(g, matmul(matmul(g, a), p)));
    const inside = matmul(sub(g, matmul(p, matmul(a, g))), matmul(pt, p));
    return [sub(add(outside, inside), matmul(matmul(p, flipped(g)), p)), null];
  },
  derivative: ["P Pᵀ g (I - A P) + (I - P A) g Pᵀ P - P gᵀ P, for Aᵀ", "none"],
  samples: () => [[uniform([2, 2, 3])]],
  sampleCall: ((a: Tensor) => pinv(a)) as never,
});

/**
 * Moore-Penrose inverse A⁺ = V diag(1/S) Uᵀ, small singular values left out. Its gradient holds
 * as long as the rank does not change.
 * @param a [..., m, n]  @returns [..., n, m]  @throws ShapeError for too large matrices
 */
export function pinv(a: Tensor, options: ToleranceOptions = {}): Tensor {
  checkMatrix("pinv", a);
  const at = flipped(a);
  if (a.size === 0) return zeros(at.shape, { device: a.device });
  const value = noGrad(() => {
    const [u, s, vt] = svd(a, { fullMatrices: false });
    const large = gt(s, threshold("pinv", a, s, options));
    const inverse = where(large, div(1, where(large, s, 1)), 0);
    return matmul(timesDiagonal(flipped(vt), inverse), flipped(u));
  });
  return pinvOp(at, value);
}

/**
 * How many singular values are above the tolerance: int32. No gradient. @param a [..., m, n]
 * @returns [...]
 * @throws ShapeError for fewer than two axes
 */
export function matrixRank(a: Tensor, options: ToleranceOptions = {}): Tensor {
  checkMatrix("matrixRank", a);
  const s = svdvals(a);
  if (a.size === 0) return zeros(a.shape.slice(0, -2), { device: a.device, dtype: "int32" });
  return sum(cast(gt(s, threshold("matrixRank", a, s, options)), "int32"), -1);
}
