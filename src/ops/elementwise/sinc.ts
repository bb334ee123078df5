import { invoke, nanHelper } from "../../../kernels/math/floatHelpers.ts";
import { sincHelper } from "../../../kernels/math/sincHelper.ts";
import { sineHelper } from "../../../kernels/math/trigHelpers.ts";
import { defineOp, floating, pointwise, type Unary } from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { exactly, uniform } from "../samples.ts";
import { mul } from "./arithmetic.ts";

interface OrderAttrs extends Readonly<Record<string, unknown>> {
  readonly n: number;
}

/** The series of the n-th derivative of sin t / t; see the kernel. */
function seriesAt(n: number, t: number): number {
  let m = n % 2;
  let term = (((n + m) / 2) % 2 === 0 ? 1 : -1) * (m === 1 ? t : 1);
  let sum = 0;
  for (let i = 0; i < 14 + 2 * n; i++) {
    sum += term / (m + n + 1);
    term *= (-t * t) / ((m + 1) * (m + 2));
    m += 2;
  }
  return sum;
}

function sincNumber(n: number, x: number): number {
  const t = Math.PI * x;
  if (Math.abs(t) <= Math.max(1, n)) return Math.PI ** n * seriesAt(n, t);
  const turns = Math.round(x);
  const flip = turns % 2 === 0 ? 1 : -1;
  let s = 0;
  for (let j = 0; j <= n; j++) {
    s = (flip * Math.sin(Math.PI * (x - turns) + (j * Math.PI) / 2) - j * s) / t;
  }
  return Math.PI ** n * s;
}

/** The n-th derivative of sinc: an op of its own, for a quotient has none at 0. */
const sincSlope: (x: TensorLike, attrs: OrderAttrs) => Tensor = defineOp<1, OrderAttrs>({
  name: "sinc",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: pointwise({
    wgsl: ([x], lanes, { n }) => invoke(sincHelper, lanes, x!, String(n)),
    js: (attrs) => (x) => sincNumber((attrs as OrderAttrs).n, x!),
    weight: 12,
    helpers: [sincHelper, sineHelper, nanHelper],
  }),
  key: ({ n }) => String(n),
  vjp: ({ g, inputs: [x], attrs: { n } }) => [mul(g, sincSlope(x!, { n: n + 1 }))],
  derivative: ["g·sinc⁽ⁿ⁺¹⁾(x)"],
  samples: () => [
    [exactly([8], [0, 1e-4, 0.3, -0.31, 0.33, 1, -2.5, 40.2]), { n: 0 }],
    [uniform([3, 4], -2, 2, "transposed"), { n: 0 }],
    [exactly([4], [0, 0.6, -0.7, 2.2]), { n: 2 }],
    [uniform([0]), { n: 0 }],
  ],
});

/** sin(πx) / (πx), element-wise; 1 at 0, where all derivatives exist too. */
export const sinc: Unary = (x) => sincSlope(x, { n: 0 });
