/**
 * erf x in double precision: the series e^-x² Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!! up to 3, whose terms are all
 * positive, and the continued fraction of erfc beyond (Abramowitz and Stegun 1964, 7.1.6, 7.1.14).
 */
export function erfNumber(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a >= 3) return Math.sign(x) * (1 - tail(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc a = e^-a² / √π · 1/(a + ½/(a + 1/(a + 3⁄2/(a + …)))) for a ≥ 3. */
function tail(a: number): number {
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction);
}
