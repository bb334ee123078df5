import {
  defineHelper,
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  maxHelper,
  nanHelper,
} from "./floatHelpers.ts";
import { log1pHelper } from "./specialHelpers.ts";
import { artanhHelper } from "./trigHelpers.ts";

/** Functions near exp and log that would lose digits, or the special values, as compositions. */

/** 2ˣ: exact for whole x. The power of two comes by its bits, in two halves for the smallest. */
export const exp2Helper = defineHelper(
  "exp2_full",
  (fn, { F, U, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let c = clamp(x, ${F}(-150.0), ${F}(128.0));
  let k = round(c);
  let half = floor(k * ${F}(0.5));
  let low = bitcast<${F}>(${U}(half + ${F}(127.0)) << ${U}(23u));
  let high = bitcast<${F}>(${U}(k - half + ${F}(127.0)) << ${U}(23u));
  let whole = c == k;
  let y = select(exp((c - k) * ${F}(0.6931472)), ${F}(1.0), whole) * low * high;
  let z = select(y, ${name(infHelper)}(x), x >= ${F}(128.0));
  return select(z, x, ${name(isNanHelper)}(x));
}`,
);

/** ln(eᵃ + eᵇ) = max + ln(1 + e^-|a - b|); an infinite maximum gives itself. */
export const logAddExpHelper = defineHelper(
  "log_add_exp",
  (fn, { F, U, name }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  let top = ${name(maxHelper)}(a, b);
  let y = top + ${name(log1pHelper)}(${name(expHelper)}(-abs(a - b)));
  let lost = (bitcast<${U}>(top) & ${U}(0x7fffffffu)) >= ${U}(0x7f800000u);
  return select(y, top, lost);
}`,
);

/** ln(x / (1 - x)): 2 artanh(2x - 1) near ½, where the logarithm would lose digits. */
export const logitHelper = defineHelper(
  "logit_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let d = x - ${F}(0.5);
  let near = abs(d) < ${F}(0.2);
  let middle = ${F}(2.0) * ${name(artanhHelper)}(${F}(2.0) * select(${F}(0.0), d, near));
  let y = ${name(logHelper)}(x) - ${name(logHelper)}(${F}(1.0) - x);
  return select(y, middle, near);
}`,
);

/** x·f with 0·f = 0 even for an infinite f; NaN where f or x is. */
export const xTimesHelper = defineHelper(
  "x_times",
  (fn, { F, name }) => `fn ${fn}(x: ${F}, y: ${F}, f: ${F}) -> ${F} {
  let z = select(x * f, ${F}(0.0), x == ${F}(0.0));
  let w = select(z, y, ${name(isNanHelper)}(y));
  return select(w, x, ${name(isNanHelper)}(x));
}`,
);

const special = [infHelper, isNanHelper, nanHelper];
export const exp2Uses = special;
export const logAddExpUses = [maxHelper, log1pHelper, logHelper, expHelper, ...special];
export const logitUses = [artanhHelper, log1pHelper, logHelper, ...special];
