import { type Binary, defineOp, pointwise } from "../../tensor/op.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { eye } from "../creation/creation.ts";
import { add, div, mul } from "../elementwise/arithmetic.ts";
import { eq, ge, where } from "../elementwise/compare.ts";
import { abs, clamp } from "../elementwise/extrema.ts";
import { exp2, log2 } from "../elementwise/powersOfTwo.ts";
import { ceil } from "../elementwise/rounding.ts";
import { cat } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { zeroPad } from "../movement/window.ts";
import { max } from "../reduce/reduceExtrema.ts";
import { same } from "../rules.ts";
import { uniform } from "../samples.ts";
import { matmul } from "./matmul.ts";
import { asBatch, checkSquare, flipped, inFloat32, unbatched } from "./matrices.ts";
import { matrixNorm } from "./norms.ts";

/** Squarings: enough for norms up to 1024, where most exponentials have left float32. */
const MOST_SQUARINGS = 12;

/** c₀ I + c₁ A + c₂ A² from Taylor's coefficients 1/k!, k from `first` on. */
function terms(first: number, powers: readonly [Tensor, Tensor, Tensor]): Tensor {
  let factorial = 1;
  for (let k = 2; k <= first; k++) factorial *= k;
  const [unit, a, square] = powers;
  const next = factorial * (first + 1);
  const low = add(mul(unit, 1 / factorial), mul(a, 1 / next));
  return add(low, mul(square, 1 / (next * (first + 2))));
}

/** Taylor's series to the eighth power: for norms up to 1/4 the next term is below 1e-11. */
function series(a: Tensor, unit: Tensor): Tensor {
  const square = matmul(a, a);
  const cube = matmul(square, a);
  const powers = [unit, a, square] as const;
  const high = add(matmul(terms(6, powers), cube), terms(3, powers));
  return add(matmul(high, cube), terms(0, powers));
}

/** e^A = (e^(A/2ˢ))^(2ˢ), s from the norm of each matrix (Moler & Van Loan 2003, method 3). */
function exponential(a: Tensor): Tensor {
  const [z, n] = a.shape as [number, number];
  const size = log2(matrixNorm(a, 1));
  const squarings = reshape(clamp(ceil(add(size, 2)), 0, MOST_SQUARINGS), [z, 1, 1]);
  const small = mul(a, exp2(mul(squarings, -1)));
  let out = series(small, eye(n, n, { device: a.device }));
  for (let s = 0; s < MOST_SQUARINGS; s++) {
    out = where(ge(squarings, s + 1), matmul(out, out), out);
  }
  return out;
}

/**
 * E = e^A itself, with its derivative as a function of A: of the block matrix [[Aᵀ, g], [0, Aᵀ]]
 * the exponential has the gradient in its corner (Najfeld & Havel 1995). It is linear in g, which
 * is brought to size 1 before.
 */
const expOp: Binary = defineOp<2>({
  name: "matrixExp",
  arity: 2,
  shape: same,
  dtype: inFloat32,
  forward: pointwise({ wgsl: ([, e]) => e!, js: () => (_, e) => e! }),
  vjp: ({ g, inputs: [a] }) => {
    const n = g.shape[1]!;
    const scale = noGrad(() => {
      const top = max(abs(g), [1, 2], true);
      return where(eq(top, 0), 1, top);
    });
    const at = flipped(a!);
    const above = cat([at, div(g, scale)], 2);
    const corner = narrow(ofBatch(cat([above, zeroPad(at, [0, 0, n], [0, 0, 0])], 1)), 1, 0, n);
    return [mul(narrow(corner, 2, n, n), scale), null];
  },
  derivative: ["the corner of e^[[Aᵀ, g], [0, Aᵀ]]", "none"],
  samples: () => [[uniform([2, 2, 2])]],
  sampleCall: ((a: Tensor) => matrixExp(a)) as never,
});

const ofBatch = (a: Tensor): Tensor =>
  expOp(
    a,
    noGrad(() => exponential(a)),
  );

/**
 * e^A = Σ Aᵏ / k!, for norms up to 1024. @param a [..., n, n]  @throws ShapeError unless square
 */
export function matrixExp(a: Tensor): Tensor {
  checkSquare("matrixExp", a);
  return a.size === 0 ? a : unbatched(ofBatch(asBatch(a)), a);
}
