import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
  sigmoidHelper,
  sqrtHelper,
  tanhHelper,
} from "../../kernels/floatHelpers.ts";
import {
  erfHelper,
  expm1Helper,
  log1pHelper,
  softplusHelper,
} from "../../kernels/specialHelpers.ts";
import type { Unary } from "../tensor/op.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { erfNumber } from "./erf.ts";
import { exactly, unarySamples } from "./samples.ts";
import { unary } from "./unary.ts";

const far =
  (...values: number[]) =>
  () => [...unarySamples(), [exactly([values.length], values)]];

/** eˣ, element-wise. Infinity above 88.72. */
export const exp: Unary = unary("exp", {
  wgsl: expHelper,
  uses: [infHelper, isNanHelper],
  js: Math.exp,
  slope: ({ g, out }) => mul(g, out),
  derivative: "g·eˣ",
  samples: far(-30, 5),
});

/** eˣ - 1, exact for small x. */
export const expm1: Unary = unary("expm1", {
  wgsl: expm1Helper,
  uses: [expHelper, infHelper, isNanHelper],
  js: Math.expm1,
  slope: ({ g, out }) => mul(g, add(out, 1)),
  derivative: "g·eˣ",
  samples: far(1e-6, -1e-4, 0.49, -0.51, -20, 5),
});

/** ln x, element-wise: -Infinity at 0, NaN below. */
export const log: Unary = unary("log", {
  wgsl: logHelper,
  uses: [infHelper, nanHelper],
  js: Math.log,
  slope: ({ g, x }) => div(g, x),
  derivative: "g / x",
  samples: () => [...unarySamples(0.25, 4), [exactly([2], [1e-3, 1e4])]],
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

/** Square root, y = √x, element-wise. Any shape → same shape. Slope is infinite at 0. */
export const sqrt: Unary = unary("sqrt", {
  wgsl: sqrtHelper,
  uses: [nanHelper, isNanHelper],
  js: Math.sqrt,
  slope: ({ g, out }) => div(g, mul(2, out)),
  derivative: "g / (2√x)",
  samples: () => unarySamples(0.5, 4), // away from the singularity
});

/** 1 / √x, element-wise. */
export const rsqrt: Unary = (x) => div(1, sqrt(x));

/** Hyperbolic tangent; right for small and large arguments alike. */
export const tanh: Unary = unary("tanh", {
  wgsl: tanhHelper,
  uses: [isNanHelper],
  js: Math.tanh,
  slope: ({ g, out }) => mul(g, sub(1, square(out))),
  derivative: "g·(1 - tanh²x)",
  samples: far(1e-6, -1e-3, 0.24, 0.26, 12, -50),
});

/** 1 / (1 + e⁻ˣ), element-wise; never overflows. */
export const sigmoid: Unary = unary("sigmoid", {
  wgsl: sigmoidHelper,
  uses: [isNanHelper],
  js: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
  slope: ({ g, out }) => mul(g, mul(out, sub(1, out))),
  derivative: "g·σ(x)·(1 - σ(x))",
  samples: far(-40, 40),
});

/** ln(1 + eˣ), element-wise; never overflows. */
export const softplus: Unary = unary("softplus", {
  wgsl: softplusHelper,
  uses: [isNanHelper, log1pHelper, logHelper, infHelper, nanHelper],
  js: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  slope: ({ g, x }) => mul(g, sigmoid(x)),
  derivative: "g·σ(x)",
  samples: far(-20, 40),
});

/** Error function, 2/√π ∫₀ˣ e^-t² dt. Source: Abramowitz and Stegun 1964, 7.1. */
export const erf: Unary = unary("erf", {
  wgsl: erfHelper,
  uses: [isNanHelper],
  js: erfNumber,
  slope: ({ g, x }) => mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  derivative: "g·2/√π·e^-x²",
  samples: far(1e-5, 0.99, 1.01, -3, 5),
});
