import type { DType } from "../core/dtype.ts";
import { decodeHalves } from "../core/half.ts";

/** What a decoded tensor's elements are held in. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** A stored element that no element of the target dtype can hold; `index` counts elements. */
export interface BadElement {
  index: number;
  value: string;
}

/** One dtype of the safetensors format: its size, what it becomes here, and how. */
export interface StoredType {
  bytes: number;
  dtype: DType;
  /** Reads little-endian bytes of whole elements. */
  decode(bytes: Uint8Array): TensorData | BadElement;
}

/** The dtypes that can be read. Every one fits a device's 32-bit elements without loss, but F64. */
export const storedTypes: ReadonlyMap<string, StoredType> = new Map<string, StoredType>([
  ["F64", { bytes: 8, dtype: "float32", decode: narrowFloat64 }],
  ["F32", { bytes: 4, dtype: "float32", decode: (b) => new Float32Array(aligned(b)) }],
  ["F16", { bytes: 2, dtype: "float32", decode: (b) => decodeHalves(new Uint16Array(aligned(b))) }],
  ["BF16", { bytes: 2, dtype: "float32", decode: widenBrain }],
  ["I64", { bytes: 8, dtype: "int32", decode: narrowInt64 }],
  ["I32", { bytes: 4, dtype: "int32", decode: (b) => new Int32Array(aligned(b)) }],
  ["I16", { bytes: 2, dtype: "int32", decode: (b) => new Int32Array(new Int16Array(aligned(b))) }],
  ["I8", { bytes: 1, dtype: "int32", decode: (b) => new Int32Array(new Int8Array(aligned(b))) }],
  ["U64", { bytes: 8, dtype: "uint32", decode: narrowUint64 }],
  ["U32", { bytes: 4, dtype: "uint32", decode: (b) => new Uint32Array(aligned(b)) }],
  ["U16", { bytes: 2, dtype: "int32", decode: (b) => new Int32Array(new Uint16Array(aligned(b))) }],
  ["U8", { bytes: 1, dtype: "int32", decode: (b) => new Int32Array(b) }],
  ["BOOL", { bytes: 1, dtype: "bool", decode: checkBool }],
]);

/** The format is little-endian and so is every machine with WebGPU; others are refused. */
export const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Doubles as they are, for the float64 oracle. */
export function decodeFloat64(bytes: Uint8Array): Float64Array {
  return new Float64Array(aligned(bytes));
}

/** A copy that begins at offset 0: a typed array cannot begin at an odd byte of a file. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** A finite double above float32's range would become infinite without a word. */
function narrowFloat64(bytes: Uint8Array): Float32Array | BadElement {
  const wide = decodeFloat64(bytes);
  const narrow = new Float32Array(wide);
  const index = narrow.findIndex((x, i) => !Number.isFinite(x) && Number.isFinite(wide[i]));
  return index < 0 ? narrow : { index, value: String(wide[index]) };
}

function narrowInt64(bytes: Uint8Array): Int32Array | BadElement {
  const wide = new BigInt64Array(aligned(bytes));
  const index = wide.findIndex((x) => x < -0x8000_0000n || x > 0x7fff_ffffn);
  return index < 0 ? Int32Array.from(wide, Number) : { index, value: String(wide[index]) };
}

function narrowUint64(bytes: Uint8Array): Uint32Array | BadElement {
  const wide = new BigUint64Array(aligned(bytes));
  const index = wide.findIndex((x) => x > 0xffff_ffffn);
  return index < 0 ? Uint32Array.from(wide, Number) : { index, value: String(wide[index]) };
}

function checkBool(bytes: Uint8Array): Uint8Array | BadElement {
  const index = bytes.findIndex((x) => x > 1);
  return index < 0 ? new Uint8Array(bytes) : { index, value: String(bytes[index]) };
}

/** bfloat16 is the upper half of a float32; as bit patterns, so that NaN payloads survive. */
function widenBrain(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(aligned(bytes));
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}
