import {
  expHelper,
  infHelper,
  invoke,
  isNanHelper,
  logHelper,
  nanHelper,
  sqrtHelper,
} from "../../../kernels/math/floatHelpers.ts";
import { expm1Helper, log1pHelper } from "../../../kernels/math/specialHelpers.ts";
import {
  arccosHelper,
  arcoshHelper,
  arcsinHelper,
  arctan2Helper,
  arctanHelper,
  arsinhHelper,
  artanhHelper,
  coshHelper,
  sineHelper,
  sinhHelper,
} from "../../../kernels/math/trigHelpers.ts";
import {
  type Binary,
  broadcasting,
  defineOp,
  floating,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { binarySamples, exactly, unarySamples, uniform } from "../samples.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { sqrt } from "./elementwise.ts";
import { unary } from "./unary.ts";

const wide = (...values: number[]) => [...unarySamples(), [exactly([values.length], values)]];
const special = [isNanHelper, nanHelper, infHelper];
const logs = [log1pHelper, logHelper, ...special];
const arcs = [arctanHelper, sqrtHelper, isNanHelper, nanHelper];

/** sin x; x in radians. Good to 1e-6 up to |x| = 10⁴. */
export const sin: Unary = unary("sin", {
  wgsl: sineHelper,
  rest: "0",
  uses: [nanHelper],
  js: Math.sin,
  slope: ({ g, x }) => mul(g, cos(x)),
  derivative: "g·cos x",
  samples: () => wide(3.2, -4.7, 31, -1234.5),
});

/** cos x; x in radians. Good to 1e-6 up to |x| = 10⁴. */
export const cos: Unary = unary("cos", {
  wgsl: sineHelper,
  rest: "1",
  uses: [nanHelper],
  js: Math.cos,
  slope: ({ g, x }) => neg(mul(g, sin(x))),
  derivative: "-g·sin x",
  samples: () => wide(3.2, -4.6, 31, -1234.5),
});

/** tan x = sin x / cos x. */
export const tan: Unary = (x) => div(sin(x), cos(x));

/** The angle whose sine is x, from -π/2 to π/2; NaN outside [-1, 1]. */
export const asin: Unary = unary("asin", {
  wgsl: arcsinHelper,
  uses: arcs,
  js: Math.asin,
  slope: ({ g, x }) => div(g, sqrt(sub(1, square(x)))),
  derivative: "g / √(1 - x²)",
  samples: () => unarySamples(-0.9, 0.9),
});

/** The angle whose cosine is x, from 0 to π; NaN outside [-1, 1]. */
export const acos: Unary = unary("acos", {
  wgsl: arccosHelper,
  uses: arcs,
  js: Math.acos,
  slope: ({ g, x }) => neg(div(g, sqrt(sub(1, square(x))))),
  derivative: "-g / √(1 - x²)",
  samples: () => unarySamples(-0.9, 0.9),
});

/** The angle whose tangent is x, from -π/2 to π/2. */
export const atan: Unary = unary("atan", {
  wgsl: arctanHelper,
  uses: [isNanHelper],
  js: Math.atan,
  slope: ({ g, x }) => div(g, add(square(x), 1)),
  derivative: "g / (1 + x²)",
  samples: () => wide(1e-5, 0.5, -7, 300),
});

/** The angle of the point (x, y), from -π to π. */
export const atan2: Binary = defineOp<2>({
  name: "atan2",
  arity: 2,
  shape: broadcasting("atan2"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([y, x], lanes) => invoke(arctan2Helper, lanes, y!, x!),
    js: () => (y, x) => Math.atan2(y!, x!),
    weight: 8,
    helpers: [arctan2Helper, arctanHelper, isNanHelper],
  }),
  vjp: ({ g, inputs }) => {
    const [y, x] = inputs as [Tensor, Tensor];
    const h = div(g, add(square(x), square(y)));
    return [mul(h, x), neg(mul(h, y))];
  },
  operands: ["y", "x"],
  derivative: ["g·x / (x² + y²)", "-g·y / (x² + y²)"],
  samples: () =>
    binarySamples(
      (shape, layout) => uniform(shape, 0.3, 2, layout),
      (shape, layout) => uniform(shape, -2, 2, layout),
    ),
});

/** (eˣ - e⁻ˣ) / 2. */
export const sinh: Unary = unary("sinh", {
  wgsl: sinhHelper,
  uses: [expm1Helper, expHelper, infHelper, isNanHelper],
  js: Math.sinh,
  slope: ({ g, x }) => mul(g, cosh(x)),
  derivative: "g·cosh x",
  samples: () => wide(1e-5, 0.99, -1.01, 8),
});

/** (eˣ + e⁻ˣ) / 2. */
export const cosh: Unary = unary("cosh", {
  wgsl: coshHelper,
  uses: [expHelper, infHelper, isNanHelper],
  js: Math.cosh,
  slope: ({ g, x }) => mul(g, sinh(x)),
  derivative: "g·sinh x",
  samples: () => wide(1e-5, -8),
});

/** The number whose sinh is x. */
export const asinh: Unary = unary("asinh", {
  wgsl: arsinhHelper,
  uses: logs,
  js: Math.asinh,
  slope: ({ g, x }) => div(g, sqrt(add(square(x), 1))),
  derivative: "g / √(x² + 1)",
  samples: () => wide(1e-5, -300, 2e4),
});

/** The number ≥ 0 whose cosh is x; NaN below 1. */
export const acosh: Unary = unary("acosh", {
  wgsl: arcoshHelper,
  uses: logs,
  js: Math.acosh,
  slope: ({ g, x }) => div(g, sqrt(mul(sub(x, 1), add(x, 1)))),
  derivative: "g / √(x² - 1)",
  samples: () => [...unarySamples(1.3, 4), [exactly([2], [30, 2e4])]],
});

/** The number whose tanh is x; NaN outside [-1, 1]. */
export const atanh: Unary = unary("atanh", {
  wgsl: artanhHelper,
  uses: logs,
  js: Math.atanh,
  slope: ({ g, x }) => div(g, sub(1, square(x))),
  derivative: "g / (1 - x²)",
  samples: () => unarySamples(-0.9, 0.9),
});
