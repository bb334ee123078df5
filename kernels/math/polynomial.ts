/** WGSL of c₀ + x·(c₁ + x·(c₂ + …)), Horner's scheme, at the type `F`. */
export function polynomial(F: string, x: string, coefficients: readonly number[]): string {
  const number = (value: number): string => `${F}(${writtenFloat(value)})`;
  const [first, ...rest] = coefficients;
  if (first === undefined) return number(0);
  return rest.length === 0
    ? number(first)
    : `(${number(first)} + ${x} * ${polynomial(F, x, rest)})`;
}

/** A literal that WGSL takes for a float: with a point or an exponent. */
export function writtenFloat(value: number): string {
  const text = String(Math.fround(value));
  return /[.e]/.test(text) ? text : `${text}.0`;
}
