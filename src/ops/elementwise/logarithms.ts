import {
  infHelper,
  invoke,
  isNanHelper,
  logHelper,
  nanHelper,
} from "../../../kernels/math/floatHelpers.ts";
import {
  logAddExpHelper,
  logAddExpUses,
  logitHelper,
  logitUses,
  xTimesHelper,
} from "../../../kernels/math/logHelpers.ts";
import { log1pHelper } from "../../../kernels/math/specialHelpers.ts";
import { ValueError } from "../../core/errors.ts";
import type { Helper } from "../../core/ir.ts";
import {
  type Binary,
  broadcasting,
  defineOp,
  floating,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { binarySamples, exactly, uniform, uniformPair } from "../samples.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { eq, le, logicalAnd, lt, where } from "./compare.ts";
import { sigmoid } from "./elementwise.ts";
import { clamp } from "./extrema.ts";
import { unary } from "./unary.ts";

function logAddExpNumber(a: number, b: number): number {
  const top = Math.max(a, b);
  return Number.isFinite(top) ? top + Math.log1p(Math.exp(-Math.abs(a - b))) : top;
}

/** ln(eᵃ + eᵇ) through the larger one, so that nothing overflows; smooth at a = b. */
export const logAddExp: Binary = defineOp<2>({
  name: "logAddExp",
  arity: 2,
  shape: broadcasting("logAddExp"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([a, b], lanes) => invoke(logAddExpHelper, lanes, a!, b!),
    js: () => logAddExpNumber as (...args: number[]) => number,
    weight: 10,
    helpers: [logAddExpHelper, ...logAddExpUses],
  }),
  vjp: ({ g, inputs: [a, b] }) => [mul(g, sigmoid(sub(a!, b!))), mul(g, sigmoid(sub(b!, a!)))],
  derivative: ["g·σ(a - b)", "g·σ(b - a)"],
  samples: () => [
    ...binarySamples(uniformPair).slice(2, 5),
    [exactly([4], [0.5, 30, -50, 2]), exactly([4], [0.5, -30, -50, 2.001])],
  ],
});

/** log₂(2ᵃ + 2ᵇ). */
export const logAddExp2: Binary = (a, b) => {
  const scaled = (x: TensorLike) => (typeof x === "number" ? x * Math.LN2 : mul(x, Math.LN2));
  return div(logAddExp(scaled(a), scaled(b)), Math.LN2);
};

/** x·f(y) that is 0 for x = 0, where f(y) may be -∞; `low` is where f begins. */
function timesLog(
  name: string,
  f: { readonly text: Helper; readonly js: (y: number) => number },
  low: 0 | -1,
  derivative: readonly [string, string],
): Binary {
  const op: Binary = defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype: floating,
    forward: pointwise({
      wgsl: ([x, y], lanes) => invoke(xTimesHelper, lanes, x!, y!, invoke(f.text, lanes, y!)),
      js: () => (x, y) => (x === 0 && !Number.isNaN(y) ? 0 : x! * f.js(y!)),
      weight: 8,
      helpers: [xTimesHelper, f.text, logHelper, infHelper, nanHelper, isNanHelper],
    }),
    vjp: ({ g, inputs: [x, y] }) => {
      // PyTorch's choice where the slope ln y is -∞ or NaN.
      const beyond = logicalAnd(eq(x!, 0), le(y!, low));
      return [where(beyond, 0, op(g, y!)), mul(g, div(x!, low === 0 ? y! : add(y!, 1)))];
    },
    derivative,
    operands: ["x", "y"],
    samples: () => [
      ...binarySamples(uniformPair, (shape, layout) =>
        uniform(shape, low + 0.4, low + 3, layout),
      ).slice(2, 4),
      [exactly([3], [1.5, -2, 0.3]), exactly([3], [low + 0.01, low + 30, low + 1.001])],
      [uniform([0, 3]), uniform([3], 1, 2)],
    ],
  });
  return op;
}

/** x·ln y, but 0 for x = 0 (NaN where y is). */
export const xlogy: Binary = timesLog("xlogy", { text: logHelper, js: Math.log }, 0, [
  "g·ln y",
  "g·x / y",
]);

/** x·ln(1 + y), but 0 for x = 0 (NaN where y is). */
export const xlog1py: Binary = timesLog("xlog1py", { text: log1pHelper, js: Math.log1p }, -1, [
  "g·ln(1 + y)",
  "g·x / (1 + y)",
]);

/** -x·ln x, the entropy of a probability: 0 at 0, -∞ below. */
export const entr = (x: Tensor): Tensor =>
  where(lt(x, 0), Number.NEGATIVE_INFINITY, neg(xlogy(x, x)));

const logitUnit: Unary = unary("logit", {
  wgsl: logitHelper,
  uses: logitUses,
  js: (x) => (Math.abs(x - 0.5) < 0.2 ? 2 * Math.atanh(2 * x - 1) : Math.log(x) - Math.log1p(-x)),
  slope: ({ g, x }) => div(g, mul(x, sub(1, x))),
  derivative: "g / (x·(1 - x))",
  samples: () => [
    [uniform([3, 5], 0.05, 0.95)],
    [uniform([3, 4], 0.1, 0.9, "transposed")],
    [exactly([4], [0.5, 0.5001, 0.01, 0.998])],
    [uniform([0])],
  ],
});

/**
 * ln(x / (1 - x)), the inverse of `sigmoid`: ±∞ at 1 and 0, NaN beyond. With `eps`, x is limited
 * to [eps, 1 - eps] before, with slope 0 outside.
 * @throws ValueError unless 0 ≤ eps ≤ 0.5
 */
export function logit(x: Tensor, eps: number | null = null): Tensor {
  if (eps === null) return logitUnit(x);
  if (!(eps >= 0 && eps <= 0.5)) {
    throw new ValueError(`logit: eps lies outside 0 to 0.5; got ${eps}. Use one such as 1e-6.`);
  }
  return logitUnit(clamp(x, eps, 1 - eps));
}
