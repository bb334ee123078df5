import { type DType, integerLimits, isFloat, toDType } from "../../core/dtype.ts";

/** Single numbers as the cpu device computes them, where that is more than a built-in. */

/** Wraps a number as an element of an integer dtype would. */
export const wrap = (dtype: DType, f: (a: number, b: number) => number) =>
  dtype === "int32"
    ? (a: number, b: number) => f(a, b) | 0
    : dtype === "uint32"
      ? (a: number, b: number) => f(a, b) >>> 0
      : f;

/** Integers of 32 bits multiply as those of a device do. */
export const times = (dtype: DType): ((...args: number[]) => number) => {
  if (dtype === "float32") return (a, b) => a! * b!;
  return dtype === "int32" ? (a, b) => Math.imul(a!, b!) : (a, b) => Math.imul(a!, b!) >>> 0;
};

/** Float to integer rounds towards 0 and stops at the limits, as WGSL does. */
export function castNumber(from: DType, to: DType): (x: number) => number {
  if (isFloat(to)) return (x) => x;
  if (to === "bool" || !isFloat(from)) return (x) => toDType(x, to);
  const [lo, hi] = integerLimits[to as "int32" | "uint32"];
  return (x) => (Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), lo), hi));
}

/** x to a whole number. */
export function integerPower(n: number, dtype: DType): (x: number) => number {
  if (dtype === "float32") return (x) => x ** n;
  return (x) => {
    let y = 1;
    for (let i = 0; i < n; i++) y = Math.imul(y, x);
    return dtype === "uint32" ? y >>> 0 : y;
  };
}

/** aᵇ of whole numbers. */
export function powNumber(dtype: DType): (a: number, b: number) => number {
  return (a, b) => {
    if (b < 0 && Math.abs(a) !== 1) return 0;
    let result = 1;
    for (let bits = b >>> 0, base = a; bits > 0; bits >>>= 1, base = Math.imul(base, base)) {
      if (bits & 1) result = Math.imul(result, base);
    }
    return dtype === "uint32" ? result >>> 0 : result;
  };
}

/** |x|; the least int32 has none, and stays. */
export const magnitude = (dtype: DType) => (x: number) =>
  dtype === "int32" ? Math.abs(x) | 0 : Math.abs(x);
