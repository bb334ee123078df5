import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
} from "../../../kernels/math/floatHelpers.ts";
import {
  erfHelper,
  expm1Helper,
  log1pHelper,
  softplusHelper,
} from "../../../kernels/math/specialHelpers.ts";
import type { Unary } from "../../tensor/op.ts";
import { exactly, unarySamples } from "../samples.ts";
import { add, div, mul, neg, square } from "./arithmetic.ts";
import { exp, sigmoid } from "./elementwise.ts";
import { erfNumber } from "./erf.ts";
import { unary } from "./unary.ts";

// Apart from the everyday functions, so that a page that uses none of these does without them.

const far =
  (...values: number[]) =>
  () => [...unarySamples(), [exactly([values.length], values)]];

/** eˣ - 1, exact for small x. */
export const expm1: Unary = unary("expm1", {
  wgsl: expm1Helper,
  uses: [expHelper, infHelper, isNanHelper],
  js: Math.expm1,
  slope: ({ g, out }) => mul(g, add(out, 1)),
  derivative: "g·exp(x)",
  samples: far(1e-6, -1e-4, 0.49, -0.51, -20, 5),
});

/** ln(1 + x), exact for small x. */
export const log1p: Unary = unary("log1p", {
  wgsl: log1pHelper,
  uses: [logHelper, infHelper, nanHelper],
  js: Math.log1p,
  slope: ({ g, x }) => div(g, add(x, 1)),
  derivative: "g / (1 + x)",
  samples: () => [...unarySamples(-0.7, 4), [exactly([4], [1e-6, -1e-4, 0.39, 0.41])]],
});

/** ln(1 + eˣ), element-wise; never overflows. */
export const softplus: Unary = unary("softplus", {
  wgsl: softplusHelper,
  uses: [isNanHelper, log1pHelper, logHelper, infHelper, nanHelper],
  js: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  slope: ({ g, x }) => mul(g, sigmoid(x)),
  derivative: "g·σ(x)",
  samples: far(-8, 40),
});

/** Error function, 2/√π ∫₀ˣ e^-t² dt. Source: Abramowitz and Stegun 1964, 7.1. */
export const erf: Unary = unary("erf", {
  wgsl: erfHelper,
  uses: [isNanHelper],
  js: erfNumber,
  slope: ({ g, x }) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  derivative: "g·2/√π·exp(-x²)",
  samples: far(1e-5, 0.99, 1.01, -3, 5),
});
