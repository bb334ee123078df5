import { defineHelper, infHelper, isNanHelper, logHelper, nanHelper } from "./floatHelpers.ts";
import { polynomial } from "./polynomial.ts";

/**
 * Coefficients were fitted at Chebyshev nodes with 40 digits; each stated error is the largest of
 * the polynomial itself, relative to the value.
 */

/** e^a²·erfc(a)·(1 + a/2) in t - ½ with t = 1 / (1 + a/2), 0 ≤ a ≤ 12: 3e-8. */
const SCALED_ERFC = [
  0.510791361, 0.687161088, 0.558944285, 0.145733804, -0.17205663, -0.102770537, 0.0976105332,
  0.0452024154, -0.0678787008, 0.0139668845,
];

/** erfc x = 1 - erf x, relative to its value: the tail is not taken from 1. */
export const erfcHelper = defineHelper(
  "erfc_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let a = min(abs(x), ${F}(12.0));
  let t = ${F}(1.0) / (${F}(1.0) + ${F}(0.5) * a);
  let s = t - ${F}(0.5);
  let tail = t * exp(-a * a) * ${polynomial(F, "s", SCALED_ERFC)};
  let y = select(tail, ${F}(2.0) - tail, x < ${F}(0.0));
  return select(y, x, ${name(isNanHelper)}(x));
}`,
);

/** erfinv(x) / x in w - 2.5, w = -ln(1 - x²) below 5: 2e-7. */
const CENTRE = [
  1.50140941, 0.24664028, -0.00417739293, -0.00125272642, 0.000218349393, -4.9724199e-6,
  -3.46398519e-6, 4.68131361e-7, 2.33359678e-8, -8.93192631e-9,
];
/** The same in √w - 3 beyond, to the last float32 below 1: 3e-7. */
const TAIL = [
  2.83297706, 1.00167489, 0.00943531562, -0.00763400365, 0.00576470792, -0.00363420951,
  0.00128844357, 6.35336182e-5, -0.000151766377,
];

/**
 * erfinv x: ±∞ at ±1, NaN beyond. The variable w makes both parts smooth.
 * Source: Giles 2012, "Approximating the erfinv function".
 */
export const erfinvHelper = defineHelper(
  "erfinv_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let a = abs(x);
  let w = -${name(logHelper)}(max((${F}(1.0) - a) * (${F}(1.0) + a), ${F}(1e-9)));
  let c = min(w, ${F}(5.0)) - ${F}(2.5);
  let s = sqrt(max(w, ${F}(5.0))) - ${F}(3.0);
  let centre = ${polynomial(F, "c", CENTRE)};
  let tail = ${polynomial(F, "s", TAIL)};
  var y = x * select(tail, centre, w < ${F}(5.0));
  let inf = ${name(infHelper)}(x);
  y = select(y, select(inf, -inf, x < ${F}(0.0)), a == ${F}(1.0));
  return select(y, ${name(nanHelper)}(x), (a > ${F}(1.0)) | ${name(isNanHelper)}(x));
}`,
);
