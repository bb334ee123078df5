import { defineHelper, infHelper, isNanHelper, logHelper, nanHelper } from "./floatHelpers.ts";
import { polynomial } from "./polynomial.ts";
import { log1pHelper } from "./specialHelpers.ts";
import { sineHelper } from "./trigHelpers.ts";

/**
 * ln |Γ|, its derivative, and the Hurwitz zeta function ζ(s, q) = Σ 1/(k + q)^s that all further
 * derivatives are made of. Arguments left of 0 are reflected, with x - round x, which is exact,
 * in sin πx.
 */

/** lgamma(x) / ((x - 1)(x - 2)) in x - 2 on [1, 3]: both zeros stay exact. Error 5e-7, relative. */
const BETWEEN = [
  0.422784477, -0.100317366, 0.032958284, -0.0123810628, 0.00505115557, -0.00213258481,
  0.000775681983, -0.000340689119, 0.000324864726, -0.000149254964,
];
/** Stirling's series in 1/x² (Abramowitz and Stegun 1964, 6.1.41). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360];

/** ln Γ(x), x > 0: the polynomial up to 3 (below 1 through Γ(x + 1) = x·Γ(x)), then Stirling. */
const positiveLgammaHelper = defineHelper(
  "lgamma_positive",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let low = x < ${F}(1.0);
  let z = min(select(x, x + ${F}(1.0), low), ${F}(3.0));
  let t = z - ${F}(2.0);
  // For x < 1 the factor z - 1 is x itself, to the last bit.
  let first = select(z - ${F}(1.0), x, low);
  // ln x near 1 is small, and so is the rest: it must not lose digits.
  let near = ${name(log1pHelper)}(x - ${F}(1.0));
  let step = select(near, ${name(logHelper)}(x), x < ${F}(0.7));
  let between = first * select(t, x - ${F}(1.0), low) * ${polynomial(F, "t", BETWEEN)};
  let small = between - select(${F}(0.0), step, low);
  let a = max(x, ${F}(3.0));
  let r = ${F}(1.0) / a;
  let q = r * r;
  let tail = ${F}(0.9189385) + r * ${polynomial(F, "q", STIRLING)};
  let large = (a - ${F}(0.5)) * (${name(logHelper)}(a) - ${F}(1.0)) - ${F}(0.5) + tail;
  let y = select(large, small, x < ${F}(3.0));
  return select(y, ${name(infHelper)}(x), x > ${F}(4.085e36));
}`,
);

/** ln |Γ(x)|: ∞ at 0, -1, -2, … and at ±∞. */
export const lgammaHelper = defineHelper(
  "lgamma_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let left = x < ${F}(0.0);
  let y = ${name(positiveLgammaHelper)}(select(x, ${F}(1.0) - x, left));
  let r = x - round(x);
  let s = abs(${name(sineHelper)}(${F}(3.1415927) * r, 0));
  let reflected = ${F}(1.1447299) - ${name(logHelper)}(s) - y;
  let pole = ((x <= ${F}(0.0)) & (r == ${F}(0.0))) | (x < ${F}(-8388608.0));
  let z = select(select(y, reflected, left), ${name(infHelper)}(x), pole);
  return select(z, x, ${name(isNanHelper)}(x));
}`,
);

export const lgammaUses = [
  positiveLgammaHelper,
  log1pHelper,
  sineHelper,
  logHelper,
  infHelper,
  nanHelper,
  isNanHelper,
];

/** ψ's series in 1/x² (Abramowitz and Stegun 1964, 6.3.18). */
const PSI = [-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132];

/** ψ(x) = Γ'(x)/Γ(x): six steps up, then the series. -∞ at 0, ∞ at -0, NaN at -1, -2, … */
export const digammaHelper = defineHelper(
  "digamma_full",
  (fn, { F, U, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let left = x < ${F}(0.0);
  let y = select(x, ${F}(1.0) - x, left);
  var sum = ${F}(0.0);
  for (var i = 0; i < 6; i++) { sum += ${F}(1.0) / (y + ${F}(f32(i))); }
  let a = y + ${F}(6.0);
  let r = ${F}(1.0) / a;
  let q = r * r;
  let series = ${name(logHelper)}(a) - ${F}(0.5) * r + q * ${polynomial(F, "q", PSI)};
  let right = series - sum;
  let turn = ${F}(3.1415927) * (x - round(x));
  let cot = ${name(sineHelper)}(turn, 1) / ${name(sineHelper)}(turn, 0);
  var z = select(right, right - ${F}(3.1415927) * cot, left);
  let inf = ${name(infHelper)}(x);
  z = select(z, inf, bitcast<${U}>(x) == ${U}(0x7f800000u));
  z = select(z, ${name(nanHelper)}(x), left & ((round(x) == x) | (x < ${F}(-8388608.0))));
  let minus = bitcast<${U}>(x) >= ${U}(0x80000000u);
  z = select(z, select(-inf, inf, minus), x == ${F}(0.0));
  return select(z, x, ${name(isNanHelper)}(x));
}`,
);

export const digammaUses = [sineHelper, logHelper, infHelper, nanHelper, isNanHelper];

/** B₂ₖ / (2k)!, k = 1, 2, … */
const BERNOULLI = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160];

const powerHelper = defineHelper(
  "small_power",
  (fn, { F }) => `fn ${fn}(x: ${F}, s: i32) -> ${F} {
  var p = x;
  for (var i = 1; i < s; i++) { p *= x; }
  return p;
}`,
);

/** ζ(s, q), q > 0: eight terms, then Euler and Maclaurin's series. */
const zetaHelper = defineHelper("hurwitz_zeta", (fn, { F, name }) => {
  const terms = BERNOULLI.map(
    (b, k) => `  sum += t * ${F}(${b.toPrecision(9)});
  t *= ${F}((n + ${2 * k}.0) * (n + ${2 * k + 1}.0)) * r * r;`,
  );
  return `fn ${fn}(s: i32, q: ${F}) -> ${F} {
  var sum = ${F}(0.0);
  for (var i = 0; i < 8; i++) {
    sum += ${name(powerHelper)}(${F}(1.0) / (q + ${F}(f32(i))), s);
  }
  let a = q + ${F}(8.0);
  let r = ${F}(1.0) / a;
  let n = f32(s) + 1.0;
  // Not r⁻ˢ·a, which is 0·∞ at ∞.
  let above = ${name(powerHelper)}(r, s - 1);
  let p = above * r;
  sum += above / ${F}(n - 2.0) + ${F}(0.5) * p;
  var t = p * r * ${F}(n - 1.0);
${terms.join("\n")}
  return sum;
}`;
});

/**
 * ψ⁽ⁿ⁾(x) / factor with factor = (-1)ⁿ⁺¹·n! and s = n + 1: ζ(s, x), and left of 0, by reflection,
 * Σ 1/(r + k)ˢ over all whole k (the derivatives of the cotangent) - (-1)ˢ·ζ(s, 1 - x) with
 * r = x - round x. The poles are taken in pairs, which cancel exactly half way between two.
 * Infinite at 0, -1, -2, …
 */
export const polygammaHelper = defineHelper("polygamma_full", (fn, { F, B, name }) => {
  const [zeta, power] = [name(zetaHelper), name(powerHelper)];
  return `fn ${fn}(x: ${F}, s: i32, factor: f32) -> ${F} {
  let left = x <= ${F}(0.0);
  let right = ${zeta}(s, select(x, ${F}(1.0) - x, left));
  let r = select(${F}(0.25), x - round(x), left);
  let a = abs(r);
  let odd = (s & 1) == 1;
  let sign = ${F}(select(1.0, -1.0, odd));
  let near = ${power}(${F}(1.0) / a, s) + sign * ${power}(${F}(1.0) / (${F}(1.0) - a), s);
  let sum = near + (${zeta}(s, ${F}(1.0) + a) + sign * ${zeta}(s, ${F}(2.0) - a));
  let turned = select(sum, -sum, (r < ${F}(0.0)) & ${B}(odd));
  let pole = left & ((r == ${F}(0.0)) | (x < ${F}(-8388608.0)));
  let y = select(select(right, turned - sign * right, left), ${name(infHelper)}(x), pole);
  return select(y * ${F}(factor), x, ${name(isNanHelper)}(x));
}`;
});

export const polygammaUses = [zetaHelper, powerHelper, infHelper, isNanHelper];
