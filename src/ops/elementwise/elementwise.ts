import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
  sigmoidHelper,
  sqrtHelper,
  tanhHelper,
} from "../../../kernels/math/floatHelpers.ts";
import type { Unary } from "../../tensor/op.ts";
import { exactly, unarySamples } from "../samples.ts";
import { div, mul, square, sub } from "./arithmetic.ts";
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
  derivative: "g·exp(x)",
  samples: far(-30, 5),
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
