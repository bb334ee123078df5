/** WGSL of index arithmetic, without terms that are 0 and factors that are 1. */

/** Numbers as WGSL: unsigned arithmetic wraps, so that negative steps are right. */
export const u32 = (n: number): string => `${n >>> 0}u`;

export const times = (a: string, n: number): string =>
  n === 0 || a === "0u" ? "0u" : n === 1 ? a : `${a} * ${u32(n)}`;

export const plus = (...terms: readonly string[]): string => {
  const some = terms.filter((t) => t !== "0u");
  return some.length === 0 ? "0u" : some.length === 1 ? some[0]! : `(${some.join(" + ")})`;
};

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** WGSL of the indices that a linear index (a name, or in parentheses) stands for; where there are
 *  no elements all are 0. */
export function unravel(linear: string, sizes: readonly number[]): string[] {
  if (sizes.includes(0)) return sizes.map(() => "0u");
  const indices = new Array<string>(sizes.length);
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    const quotient = step === 1 ? linear : `(${linear} / ${step}u)`;
    step *= sizes[d]!;
    const first = sizes.slice(0, d).every((n) => n === 1);
    indices[d] = sizes[d] === 1 ? "0u" : first ? quotient : `(${quotient} % ${sizes[d]}u)`;
  }
  return indices;
}
