import type { DType } from "../../src/core/dtype.ts";

/** How far a device may be from the oracle: relative to the values, and absolute near 0. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

const float: Tolerance = { relative: 2e-5, absolute: 2e-6 };
const exact: Tolerance = { relative: 0, absolute: 0 };

/** Integers and truth values must be equal; WGSL promises some bits less for floats. */
export const toleranceOf = (dtype: DType): Tolerance => (dtype === "float32" ? float : exact);

const kind = (x: number): string => {
  if (Number.isNaN(x)) return "NaN";
  return Number.isFinite(x) ? "number" : String(x);
};

/** What is different, or null. NaN equals NaN; infinities must be the same ones. */
export function difference(
  what: string,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  { relative, absolute }: Tolerance,
): string | null {
  if (got.length !== wanted.length) {
    return `${what}: ${got.length} elements instead of ${wanted.length}`;
  }
  for (let i = 0; i < got.length; i++) {
    const a = got[i];
    // The oracle may hold more than the largest float32.
    const b = relative === 0 ? wanted[i] : Math.fround(wanted[i]);
    const near = Math.abs(a - b) <= absolute + relative * Math.abs(b);
    if (kind(a) === kind(b) && (kind(b) !== "number" || near)) continue;
    return `${what}: element ${i} is ${a} instead of ${wanted[i]}`;
  }
  return null;
}
