import {
  defineHelper,
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
} from "./floatHelpers.ts";

/** ln(1 + x) through 2 artanh(x / (2 + x)) near 0, where 1 + x would round x away. */
export const log1pHelper = defineHelper(
  "log1p_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let s = x / (${F}(2.0) + x);
  let q = s * s;
  var p = ${F}(0.11111111) + q * ${F}(0.09090909);
  p = ${F}(0.2) + q * (${F}(0.14285715) + q * p);
  let series = ${F}(2.0) * s * (${F}(1.0) + q * (${F}(0.33333334) + q * p));
  return select(${name(logHelper)}(${F}(1.0) + x), series, abs(x) < ${F}(0.4));
}`,
);

/** eˣ - 1 by its series near 0. */
export const expm1Helper = defineHelper(
  "expm1_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  var p = ${F}(1.984127e-4) + x * (${F}(2.4801588e-5) + x * ${F}(2.7557319e-6));
  p = ${F}(0.041666668) + x * (${F}(8.3333333e-3) + x * (${F}(1.3888889e-3) + x * p));
  let series = x + x * x * (${F}(0.5) + x * (${F}(0.16666667) + x * p));
  return select(${name(expHelper)}(x) - ${F}(1.0), series, abs(x) < ${F}(0.5));
}`,
);

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|). */
export const softplusHelper = defineHelper(
  "softplus_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let y = max(x, ${F}(0.0)) + ${name(log1pHelper)}(exp(max(-abs(x), ${F}(-104.0))));
  return select(y, x, ${name(isNanHelper)}(x));
}`,
);

/**
 * erf x = 2/√π ∫₀ˣ e^-t² dt: its power series up to 1, then 1 - e^-x² times a rational function.
 * Source: Abramowitz and Stegun 1964, 7.1.5 and 7.1.26 (absolute error 1.5e-7).
 */
export const erfHelper = defineHelper(
  "erf_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let q = x * x;
  var s = ${F}(-8.548327e-4) + q * (${F}(1.2055333e-4) - q * (${F}(1.49256e-5) - q * ${F}(1.6462e-6)));
  s = ${F}(0.11283792) + q * (${F}(-0.026866171) + q * (${F}(5.2239776e-3) + q * s));
  let series = x * (${F}(1.1283792) + q * (${F}(-0.37612639) + q * s));
  let a = min(abs(x), ${F}(10.0));
  let t = ${F}(1.0) / (${F}(1.0) + ${F}(0.3275911) * a);
  var r = ${F}(1.421413741) + t * (${F}(-1.453152027) + t * ${F}(1.061405429));
  r = t * (${F}(0.254829592) + t * (${F}(-0.284496736) + t * r));
  let tail = sign(x) * (${F}(1.0) - r * exp(-a * a));
  let y = select(tail, series, abs(x) < ${F}(1.0));
  return select(y, x, ${name(isNanHelper)}(x));
}`,
);

/** aᵇ with IEEE's special cases: NaN for a negative base with a fraction as exponent. */
export const powHelper = defineHelper(
  "pow_full",
  (fn, { F, U, B, name }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  let base = abs(a);
  let inf = ${name(infHelper)}(a);
  let log_base = ${name(logHelper)}(base);
  let down = (base < ${F}(1.0)) == (b > ${F}(0.0));
  var y = pow(max(base, ${F}(1e-38)), b);
  let limit = select(inf, ${F}(0.0), down);
  let flat = base == ${F}(1.0);
  y = select(y, limit, (abs(log_base * b) > ${F}(88.7228)) & !flat);
  y = select(y, ${F}(1.0), flat);
  let odd = abs(fract(b * ${F}(0.5))) == ${F}(0.5);
  let whole = floor(b) == b;
  let negative = bitcast<${U}>(a) >= ${U}(0x80000000u);
  y = select(y, -y, negative & odd);
  y = select(y, ${name(nanHelper)}(a), negative & !whole & (base > ${F}(0.0)) & (base < inf));
  let lost = ${name(isNanHelper)}(a) | ${name(isNanHelper)}(b);
  y = select(y, ${name(nanHelper)}(a), lost);
  let one: ${B} = (b == ${F}(0.0)) & !${name(isNanHelper)}(b);
  return select(y, ${F}(1.0), one | ((a == ${F}(1.0)) & !${name(isNanHelper)}(a)));
}`,
);
