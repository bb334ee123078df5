import { invoke } from "../../../kernels/math/floatHelpers.ts";
import {
  digammaHelper,
  digammaUses,
  lgammaHelper,
  lgammaUses,
  polygammaHelper,
  polygammaUses,
} from "../../../kernels/math/gammaHelpers.ts";
import { writtenFloat } from "../../../kernels/math/polynomial.ts";
import { ValueError } from "../../core/errors.ts";
import { defineOp, floating, pointwise, type Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { exactly, type SampleInput, uniform } from "../samples.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { digammaNumber, lgammaNumber, polygammaNumber } from "./gammaNumbers.ts";
import { unary } from "./unary.ts";

/** Both signs, the zeros at 1 and 2, and where the ways of computing meet. */
const samples = (): SampleInput[][] => [
  [uniform([2, 4], 0.3, 6)],
  [uniform([3, 4], 0.6, 3.5, "transposed")],
  [exactly([8], [-0.3, -1.6, -4.45, 1.01, 1.99, 0.69, 2.98, 40])],
  [uniform([0])],
];

/** ln |Γ(x)|, element-wise: ∞ at 0, -1, -2, …, where the slope is that of `digamma`. */
export const lgamma: Unary = unary("lgamma", {
  wgsl: lgammaHelper,
  uses: lgammaUses,
  js: lgammaNumber,
  weight: 12,
  slope: ({ g, x }) => mul(g, digamma(x)),
  derivative: "g·ψ(x)",
  samples,
});

/** ψ(x) = d ln Γ(x)/dx, element-wise: -∞ at 0, NaN at -1, -2, … */
export const digamma: Unary = unary("digamma", {
  wgsl: digammaHelper,
  uses: digammaUses,
  js: digammaNumber,
  weight: 12,
  slope: ({ g, x }) => mul(g, polygammaOp(x, { n: 1 })),
  derivative: "g·ψ′(x)",
  samples,
});

interface OrderAttrs extends Readonly<Record<string, unknown>> {
  readonly n: number;
}

/** 30! is the last that float32 holds with room for its factor. */
const HIGHEST = 30;

function factorOf(n: number): number {
  let factorial = n % 2 === 0 ? -1 : 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  return factorial;
}

const polygammaOp = defineOp<1, OrderAttrs>({
  name: "polygamma",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: pointwise({
    wgsl: ([x], lanes, attrs) => {
      const { n } = attrs as OrderAttrs;
      return invoke(polygammaHelper, lanes, x!, String(n + 1), writtenFloat(factorOf(n)));
    },
    js: (attrs) => {
      const { n } = attrs as OrderAttrs;
      const factor = factorOf(n);
      return (x) => factor * polygammaNumber(n + 1, x!);
    },
    weight: 30,
    helpers: [polygammaHelper, ...polygammaUses],
  }),
  key: ({ n }) => String(n),
  vjp: ({ g, inputs: [x], attrs: { n } }) => [mul(g, polygamma(n + 1, x!))],
  derivative: ["g·ψ⁽ⁿ⁺¹⁾(x)"],
  samples: () => [
    [exactly([6], [-0.4, -1.55, 0.6, 1.5, 3, 20]), { n: 1 }],
    [uniform([3, 2], 0.7, 4, "transposed"), { n: 2 }],
    [exactly([4], [-1.45, 0.9, 2.5, 6]), { n: 3 }],
    [uniform([0]), { n: 1 }],
  ],
});

/**
 * The n-th derivative of `digamma`: (-1)ⁿ⁺¹·n!·Σ 1/(k + x)ⁿ⁺¹ for n ≥ 1; infinite at 0, -1, -2, …
 * @param n 0 to 30  @param x any shape  @returns the same shape
 * @throws ValueError for another order
 */
export function polygamma(n: number, x: Tensor): Tensor {
  if (!Number.isInteger(n) || n < 0 || n > HIGHEST) {
    throw new ValueError(
      `polygamma: the order is not a whole number from 0 to ${HIGHEST}; got ${n}. ` +
        "Float32 cannot hold the factorials of higher ones.",
    );
  }
  return n === 0 ? digamma(x) : polygammaOp(x, { n });
}

/**
 * ln Γₚ(x) = p(p - 1)/4·ln π + Σⱼ ln Γ(x - j/2), j = 0 … p - 1: the multivariate gamma function.
 * Right for x > (p - 1)/2, which is not checked.
 * @throws ValueError unless p is a whole number of at least 1
 */
export function mvlgamma(x: Tensor, p: number): Tensor {
  if (!Number.isInteger(p) || p < 1) {
    throw new ValueError(
      `mvlgamma: the dimension is not a whole number of at least 1; got ${p}. Use such a one.`,
    );
  }
  const terms = Array.from({ length: p }, (_, j) => lgamma(j === 0 ? x : sub(x, j / 2)));
  const total = terms.reduce((a, b) => add(a, b));
  return p === 1 ? total : add(total, ((p * (p - 1)) / 4) * Math.log(Math.PI));
}
