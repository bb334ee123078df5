import type { DType } from "../core/dtype.ts";
import type { Lanes } from "../core/ir.ts";

/** Texts of WGSL types and numbers. */

const SCALAR = { float32: "f32", int32: "i32", uint32: "u32", bool: "bool" } as const;

export const typeOf = (dtype: DType, width: 1 | 4): string =>
  width === 1 ? SCALAR[dtype] : `vec4<${SCALAR[dtype]}>`;

/** The type of an element in memory: bool lies there as u32. */
export const storedTypeOf = (dtype: DType, width: 1 | 4): string =>
  typeOf(dtype === "bool" ? "uint32" : dtype, width);

export function lanes(width: 1 | 4, args: readonly DType[], dtype: DType): Lanes {
  return {
    width,
    args,
    dtype,
    type: (d) => typeOf(d, width),
    helper: (name) => `${name}_${width}`,
  };
}

/** A number as a WGSL literal. Infinities and NaN are errors in constants: they come by bits. */
export function literal(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  if (dtype === "int32") return value === -2147483648 ? "i32(-2147483647 - 1)" : `i32(${value})`;
  if (dtype === "uint32") return `${value >>> 0}u`;
  const single = Math.fround(value);
  if (Number.isFinite(single)) {
    const text = Object.is(single, -0) ? "-0" : String(single);
    return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
  }
  const bits = Number.isNaN(single) ? "0x7fc00000u" : single > 0 ? "0x7f800000u" : "0xff800000u";
  return `from_bits(${bits})`;
}

/** A call, not a constant expression: the only way to write infinities and NaN. */
export const FROM_BITS = "fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }";
