import {
  defineHelper,
  expHelper,
  isNanHelper,
  logHelper,
  nanHelper,
  sqrtHelper,
} from "./floatHelpers.ts";
import { expm1Helper, log1pHelper } from "./specialHelpers.ts";

/**
 * WGSL promises an absolute error of 5e-4 for sin and cos and 4096 ulp for atan: too little for
 * gradients. These reduce the range and sum series.
 */

/**
 * sin(x + quarter · π/2): x = k·π/2 + r by a three-part π/2 (Cody and Waite 1980), then a series
 * in r. Good to 1e-6 up to |x| = 1e4; beyond, the remainder is lost
 * and the result is only kept within ±1.
 */
export const sineHelper = defineHelper("sine_full", (fn, { F, U, name }) => {
  const integer = F === "f32" ? "i32" : "vec4<i32>";
  return `fn ${fn}(x: ${F}, quarter: i32) -> ${F} {
  let k = round(clamp(x, ${F}(-1e9), ${F}(1e9)) * ${F}(0.63661975));
  let far = ((x - k * ${F}(1.5703125)) - k * ${F}(4.8375130e-4)) - k * ${F}(7.5497901e-8);
  let r = clamp(far, ${F}(-0.8), ${F}(0.8));
  let q = r * r;
  let s = ${F}(8.3333333e-3) - q * (${F}(1.9841270e-4) - q * ${F}(2.7557319e-6));
  let sine = r - r * q * (${F}(0.16666667) - q * s);
  let c = ${F}(0.041666668) - q * (${F}(1.3888889e-3) - q * ${F}(2.4801587e-5));
  let cosine = ${F}(1.0) - q * (${F}(0.5) - q * c);
  let turn = (${integer}(k) + ${integer}(quarter)) & ${integer}(3);
  let y = select(sine, cosine, (turn & ${integer}(1)) == ${integer}(1));
  let z = select(y, -y, turn >= ${integer}(2));
  let lost = (bitcast<${U}>(x) & ${U}(0x7fffffffu)) >= ${U}(0x7f800000u);
  return select(z, ${name(nanHelper)}(x), lost);
}`;
});

/** atan x: by π/2 - atan 1/x above 1, by π/4 + atan((t - 1)/(t + 1)) above tan π/8; a series. */
export const arctanHelper = defineHelper(
  "arctan_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let a = abs(x);
  let steep = a > ${F}(1.0);
  let b = select(a, ${F}(1.0) / max(a, ${F}(1.0)), steep);
  let middle = b > ${F}(0.41421357);
  let t = select(b, (b - ${F}(1.0)) / (b + ${F}(1.0)), middle);
  let q = t * t;
  var p = ${F}(0.07692308) - q * (${F}(0.06666667) - q * ${F}(0.05882353));
  p = ${F}(0.14285715) - q * (${F}(0.11111111) - q * (${F}(0.09090909) - q * p));
  p = t - t * q * (${F}(0.33333334) - q * (${F}(0.2) - q * p));
  p = select(p, p + ${F}(0.78539816), middle);
  p = select(p, ${F}(1.5707964) - p, steep);
  p = select(p, -p, x < ${F}(0.0));
  return select(p, x, ${name(isNanHelper)}(x));
}`,
);

/** asin x = atan(x / √((1 - x)(1 + x))); NaN outside [-1, 1]. */
export const arcsinHelper = defineHelper(
  "arcsin_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let root = ${name(sqrtHelper)}((${F}(1.0) - x) * (${F}(1.0) + x));
  let y = ${name(arctanHelper)}(x / max(root, ${F}(1e-30)));
  return select(y, ${name(nanHelper)}(x), (abs(x) > ${F}(1.0)) | ${name(isNanHelper)}(x));
}`,
);

/** acos x = 2 atan √((1 - x) / (1 + x)), which stays exact near 1; NaN outside [-1, 1]. */
export const arccosHelper = defineHelper(
  "arccos_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let ratio = (${F}(1.0) - x) / max(${F}(1.0) + x, ${F}(1e-30));
  let y = ${F}(2.0) * ${name(arctanHelper)}(${name(sqrtHelper)}(ratio));
  return select(y, ${name(nanHelper)}(x), (abs(x) > ${F}(1.0)) | ${name(isNanHelper)}(x));
}`,
);

/** The angle of (x, y), from -π to π; 0 at the origin. */
export const arctan2Helper = defineHelper(
  "arctan2_full",
  (fn, { F, U, name }) => `fn ${fn}(y: ${F}, x: ${F}) -> ${F} {
  let up = abs(y) > abs(x);
  let small = min(abs(x), abs(y));
  let large = max(abs(x), abs(y));
  let ratio = select(small / large, ${F}(1.0), small == large);
  var a = select(${name(arctanHelper)}(ratio), ${F}(0.0), small == ${F}(0.0));
  a = select(a, ${F}(1.5707964) - a, up);
  a = select(a, ${F}(3.1415927) - a, bitcast<${U}>(x) >= ${U}(0x80000000u));
  a = select(a, -a, bitcast<${U}>(y) >= ${U}(0x80000000u));
  a = select(a, x, ${name(isNanHelper)}(x));
  return select(a, y, ${name(isNanHelper)}(y));
}`,
);

/** sinh x: by eˣ - 1 below 1, where the difference of the powers would cancel. */
export const sinhHelper = defineHelper(
  "sinh_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let a = abs(x);
  let e = ${name(expm1Helper)}(min(a, ${F}(1.0)));
  let t = ${name(expHelper)}(a - ${F}(0.6931472));
  let y = select(t - ${F}(0.25) / t, ${F}(0.5) * (e + e / (${F}(1.0) + e)), a < ${F}(1.0));
  return select(select(y, -y, x < ${F}(0.0)), x, ${name(isNanHelper)}(x));
}`,
);

export const coshHelper = defineHelper(
  "cosh_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let t = ${name(expHelper)}(abs(x) - ${F}(0.6931472));
  return t + ${F}(0.25) / t;
}`,
);

/** asinh x = ln(a + √(a² + 1)) with the sign of x, through ln(1 + …) for small a. */
export const arsinhHelper = defineHelper(
  "arsinh_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let a = abs(x);
  let b = min(a, ${F}(1e4));
  let near = ${name(log1pHelper)}(b + b * b / (${F}(1.0) + sqrt(b * b + ${F}(1.0))));
  let y = select(near, ${name(logHelper)}(a) + ${F}(0.6931472), a > ${F}(1e4));
  return select(select(y, -y, x < ${F}(0.0)), x, ${name(isNanHelper)}(x));
}`,
);

/** acosh x = ln(1 + t + √(2t + t²)) with t = x - 1; NaN below 1. */
export const arcoshHelper = defineHelper(
  "arcosh_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let t = min(x, ${F}(1e4)) - ${F}(1.0);
  let near = ${name(log1pHelper)}(t + sqrt(max(t * (t + ${F}(2.0)), ${F}(0.0))));
  let y = select(near, ${name(logHelper)}(x) + ${F}(0.6931472), x > ${F}(1e4));
  return select(y, ${name(nanHelper)}(x), (x < ${F}(1.0)) | ${name(isNanHelper)}(x));
}`,
);

/** artanh x = ½ (ln(1 + x) - ln(1 - x)). */
export const artanhHelper = defineHelper(
  "artanh_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  return ${F}(0.5) * (${name(log1pHelper)}(x) - ${name(log1pHelper)}(-x));
}`,
);
