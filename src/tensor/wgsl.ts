import { computed, type DType } from "../core/dtype.ts";
import type { Lanes } from "../core/ir.ts";

/** Texts of WGSL types and numbers. In registers float16 is float32. */

const SCALAR = {
  float32: "f32",
  float16: "f32",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
} as const;

export const typeOf = (dtype: DType, width: 1 | 4): string =>
  width === 1 ? SCALAR[dtype] : `vec4<${SCALAR[dtype]}>`;

/** The type of an element in memory: bool lies there as u32, float16 as f16. */
export const storedTypeOf = (dtype: DType, width: 1 | 4): string => {
  if (dtype === "float16") return width === 1 ? "f16" : "vec4<f16>";
  return typeOf(dtype === "bool" ? "uint32" : dtype, width);
};

export function lanes(width: 1 | 4, args: readonly DType[], dtype: DType): Lanes {
  return {
    width,
    args: args.map(computed),
    dtype: computed(dtype),
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

/** Calls, because a constant too large for f16 is an error where it is written as one. */
export const toHalf = (x: string, width: 1 | 4): string => `to_half_${width}(${x})`;
export const TO_HALF = `fn to_half_1(x: f32) -> f16 { return f16(x); }
fn to_half_4(x: vec4<f32>) -> vec4<f16> { return vec4<f16>(x); }`;

/** A call, not a constant expression: the only way to write infinities and NaN. */
export const FROM_BITS = "fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }";
