/**
 * The gamma function's relatives in double precision: arguments are moved up to where Stirling's
 * and Euler-Maclaurin's series hold (Abramowitz and Stegun 1964, 6.1.41, 6.3.18, 23.2).
 */

const LGAMMA = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
const PSI = [-1 / 12, 1 / 120, -1 / 252, 1 / 240, -1 / 132, 691 / 32760, -1 / 12];
/** B₂ₖ / (2k)! */
const BERNOULLI = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
];

const series = (q: number, coefficients: readonly number[]): number =>
  coefficients.reduceRight((sum, c) => c + q * sum, 0);

/** x - round x: the place between two poles, from -½ to ½. */
const offset = (x: number): number => x - Math.round(x);

/** ln |Γ(x)|. */
export function lgammaNumber(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Number.POSITIVE_INFINITY;
  if (x < 0) {
    return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * offset(x)))) - lgammaNumber(1 - x);
  }
  let product = 1;
  let a = x;
  for (; a < 15; a++) product *= a;
  const stirling = (a - 0.5) * Math.log(a) - a + Math.log(2 * Math.PI) / 2;
  return stirling + series(1 / (a * a), LGAMMA) / a - Math.log(product);
}

/** ψ(x) = d ln Γ(x) / dx. */
export function digammaNumber(x: number): number {
  if (x === 0) return -1 / x;
  if (x === Number.POSITIVE_INFINITY) return x;
  if (x < 0) {
    if (Number.isInteger(x) || x === Number.NEGATIVE_INFINITY) return Number.NaN;
    return digammaNumber(1 - x) - Math.PI / Math.tan(Math.PI * offset(x));
  }
  let sum = 0;
  let a = x;
  for (; a < 12; a++) sum += 1 / a;
  return Math.log(a) - 1 / (2 * a) + series(1 / (a * a), PSI) / (a * a) - sum;
}

/** ζ(s, q) = Σ 1/(k + q)ˢ for q > 0, s > 1. */
function zeta(s: number, q: number): number {
  let sum = 0;
  for (let k = 0; k < 16; k++) sum += (q + k) ** -s;
  const a = q + 16;
  sum += a ** -s * (a / (s - 1) + 0.5);
  let term = s * a ** (-s - 1);
  for (const [k, b] of BERNOULLI.entries()) {
    sum += b * term;
    term *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / (a * a);
  }
  return sum;
}

/** ψ⁽ⁿ⁾(x) / ((-1)ⁿ⁺¹·n!) for n ≥ 1 and s = n + 1; see the kernel of the same name. */
export function polygammaNumber(s: number, x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 0) return x === Number.POSITIVE_INFINITY ? 0 : zeta(s, x);
  if (!Number.isFinite(x) || Number.isInteger(x)) return Number.POSITIVE_INFINITY;
  const r = offset(x);
  const a = Math.abs(r);
  const sign = s % 2 === 0 ? 1 : -1;
  const sum = a ** -s + sign * (1 - a) ** -s + (zeta(s, 1 + a) + sign * zeta(s, 2 - a));
  return (r < 0 ? sign * sum : sum) - sign * zeta(s, 1 - x);
}
