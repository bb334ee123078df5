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

/** 1 - erf x, relative to its value. */
export function erfcNumber(x: number): number {
  return x >= 3 ? tail(x) : 1 - erfNumber(x);
}

/** erf⁻¹ x: Winitzki's 2008 approximation, then Halley's iteration on erfc for the tail's sake. */
export function erfinvNumber(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return a === 1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  if (a < 1e-8) return (Math.sqrt(Math.PI) / 2) * x;
  const l = Math.log1p(-a * a);
  const c = 2 / (Math.PI * 0.147) + l / 2;
  let y = Math.sqrt(Math.max(Math.sqrt(c * c - l / 0.147) - c, (a * a) / 2));
  for (let i = 0; i < 4; i++) {
    const miss = a < 0.5 ? erfNumber(y) - a : 1 - a - erfcNumber(y);
    const step = (miss * Math.sqrt(Math.PI)) / 2 / Math.exp(-y * y);
    y -= step / (1 + y * step);
  }
  return Math.sign(x) * y;
}
