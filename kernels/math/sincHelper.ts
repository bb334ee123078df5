import { defineHelper, nanHelper } from "./floatHelpers.ts";
import { sineHelper } from "./trigHelpers.ts";

/**
 * The n-th derivative of sinc x = sin(πx)/(πx). With t = πx: for |t| ≤ max(1, n) the series
 * πⁿ Σ (-1)ᵏ t²ᵏ⁻ⁿ / ((2k - n)!·(2k + 1)), beyond the recurrence t·sₙ = sin(t + nπ/2) - n·sₙ₋₁.
 */
export const sincHelper = defineHelper(
  "sinc_slope",
  (fn, { F, U, name }) => `fn ${fn}(x: ${F}, n: i32) -> ${F} {
  let near = ${F}(3.1415927) * abs(x) <= ${F}(max(1.0, f32(n)));
  let t = ${F}(3.1415927) * select(${F}(0.0), x, near);
  let odd = n & 1;
  let up = (n + odd) / 2;
  var term = ${F}(select(1.0, -1.0, (up & 1) == 1));
  if (odd == 1) { term *= t; }
  var series = ${F}(0.0);
  var m = f32(odd);
  for (var i = 0; i < 6 + n + n / 2; i++) {
    series += term / ${F}(m + f32(n) + 1.0);
    term *= -t * t / ${F}((m + 1.0) * (m + 2.0));
    m += 2.0;
  }
  let k = round(x);
  let angle = ${F}(3.1415927) * (x - k);
  let flip = select(${F}(1.0), ${F}(-1.0), fract(k * ${F}(0.5)) == ${F}(0.5));
  let step = ${F}(1.0) / (${F}(3.1415927) * select(x, ${F}(1.0), near));
  var far = ${F}(0.0);
  var scale = 1.0;
  for (var j = 0; j <= n; j++) {
    far = (flip * ${name(sineHelper)}(angle, j) - ${F}(f32(j)) * far) * step;
    if (j > 0) { scale *= 3.1415927; }
  }
  let lost = (bitcast<${U}>(x) & ${U}(0x7fffffffu)) >= ${U}(0x7f800000u);
  return select(select(far, series, near) * ${F}(scale), ${name(nanHelper)}(x), lost);
}`,
);
