import { erfcHelper, erfinvHelper } from "../../../kernels/math/errorHelpers.ts";
import {
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
} from "../../../kernels/math/floatHelpers.ts";
import type { Unary } from "../../tensor/op.ts";
import { exactly, uniform } from "../samples.ts";
import { mul, neg, square } from "./arithmetic.ts";
import { exp } from "./elementwise.ts";
import { erfcNumber, erfinvNumber } from "./erf.ts";
import { unary } from "./unary.ts";

/** 1 - erf x, exact relative to its value where that is small. */
export const erfc: Unary = unary("erfc", {
  wgsl: erfcHelper,
  uses: [isNanHelper],
  js: erfcNumber,
  slope: ({ g, x }) => mul(g, mul(exp(neg(square(x))), -2 / Math.sqrt(Math.PI))),
  derivative: "-g·2/√π·exp(-x²)",
  samples: () => [
    [uniform([3, 5])],
    [uniform([3, 4], -2, 2, "transposed")],
    [exactly([4], [1e-5, -3, 2.9, 4])],
    [uniform([0])],
  ],
});

/** The normal distribution function Φ(x) = ½·erfc(-x/√2), exact in the left tail. */
export const ndtr: Unary = (x) => mul(erfc(mul(x, -Math.SQRT1_2)), 0.5);

/** The number whose erf is x: ±∞ at ±1, NaN beyond. */
export const erfinv: Unary = unary("erfinv", {
  wgsl: erfinvHelper,
  uses: [logHelper, infHelper, nanHelper, isNanHelper],
  js: erfinvNumber,
  slope: ({ g, out }) => mul(g, mul(exp(square(out)), Math.sqrt(Math.PI) / 2)),
  derivative: "g·√π/2·exp(y²)",
  samples: () => [
    [uniform([3, 5], -0.9, 0.9)],
    [uniform([3, 4], -0.9, 0.9, "transposed")],
    [exactly([4], [1e-6, -0.99, 0.998, 0.996])],
    [uniform([0])],
  ],
});
