import type { DType, TypedArray } from "../core/dtype.ts";
import { decodeHalves, encodeHalves } from "../core/half.ts";

/** Host values as the 32-bit words that the device holds. */
export function words(values: ArrayLike<number>, dtype: DType): GPUAllowSharedBufferSource {
  if (dtype === "float32") {
    return values instanceof Float32Array ? exact(values) : Float32Array.from(values);
  }
  if (dtype === "int32") {
    return values instanceof Int32Array ? exact(values) : Int32Array.from(values);
  }
  if (dtype === "float16") return halfWords(values);
  if (dtype === "bool") return Uint32Array.from(values, (v) => (v === 0 ? 0 : 1));
  return values instanceof Uint32Array ? exact(values) : Uint32Array.from(values);
}

/** Two elements a word; an odd one has a zero beside it. */
function halfWords(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const halves = encodeHalves(values);
  if (halves.length % 2 === 0) return halves;
  const padded = new Uint16Array(halves.length + 1);
  padded.set(halves);
  return padded;
}

const exact = <T extends TypedArray>(values: T): GPUAllowSharedBufferSource =>
  values as unknown as GPUAllowSharedBufferSource;

/** Elements of a dtype as the host sees them. */
export function typed(bytes: ArrayBuffer, dtype: DType): TypedArray {
  if (dtype === "float32") return new Float32Array(bytes);
  if (dtype === "float16") return decodeHalves(new Uint16Array(bytes));
  if (dtype === "int32") return new Int32Array(bytes);
  if (dtype === "uint32") return new Uint32Array(bytes);
  return Uint8Array.from(new Uint32Array(bytes));
}
