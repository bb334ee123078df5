import { DTypeError } from "./errors.ts";

/** Element types. `bool` is stored as a 32-bit 0 or 1 on devices. */
export type DType = "float32" | "int32" | "uint32" | "bool";

/** What a device holds and a read gives back. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const dtypes: readonly DType[] = ["float32", "int32", "uint32", "bool"];

/** Bytes of one element in device memory; all element types take four. */
export const BYTES = 4;

/** float32 beats int32 and uint32, which beat bool; int32 with uint32 gives int32. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  if (a === "float32" || b === "float32") return "float32";
  if (a === "bool") return b;
  if (b === "bool") return a;
  return "int32";
}

/** The dtype of a JavaScript number beside a tensor of `other`: it adapts unless it cannot. */
export function numberDType(value: number, other: DType): DType {
  if (other === "float32" || !Number.isInteger(value)) return "float32";
  if (other === "bool") return "int32";
  if (other === "uint32" && value < 0) return "int32";
  return other;
}

/** Rounds a number into a dtype's range as a device would store it. */
export function toDType(value: number, dtype: DType): number {
  if (dtype === "int32") return value | 0;
  if (dtype === "uint32") return value >>> 0;
  if (dtype === "bool") return value === 0 ? 0 : 1;
  return value;
}

export function checkDType(op: string, dtype: string): asserts dtype is DType {
  if (!(dtypes as readonly string[]).includes(dtype)) {
    throw new DTypeError(`${op}: unknown dtype "${dtype}". Use one of ${dtypes.join(", ")}.`);
  }
}
