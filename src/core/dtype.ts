import { DeviceError, DTypeError } from "./errors.ts";
import { roundHalf } from "./half.ts";

/**
 * Element types. `bool` is stored as a 32-bit 0 or 1 on devices. `float16` is a type of storage:
 * what is computed from it is computed in float32.
 */
export type DType = "float32" | "float16" | "int32" | "uint32" | "bool";

/** What a device holds and a read gives back; float16 is read as a `Float32Array`. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

export const dtypes: readonly DType[] = ["float32", "float16", "int32", "uint32", "bool"];

/** Smallest and largest element. */
export const integerLimits = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
} as const;

/** Bytes of one element in device memory. */
export const bytesOf = (dtype: DType): 2 | 4 => (dtype === "float16" ? 2 : 4);

/** Bytes that `size` elements take: WebGPU copies and binds multiples of four. */
export const bytesFor = (size: number, dtype: DType): number =>
  Math.ceil((size * bytesOf(dtype)) / 4) * 4;

/** Only floats have gradients. */
export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float16";

/** What an element is once it has been loaded. */
export const computed = (dtype: DType): DType => (dtype === "float16" ? "float32" : dtype);

/** Kinds in the order in which the higher one wins: truth values, whole numbers, floats. */
const kindOf = (dtype: DType): number => (dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1);

/**
 * The dtype of a result of two tensors, as in PyTorch: the higher kind wins; float16 with float32
 * is float32. int32 with uint32 is int32, for there is no int64, which would hold both.
 */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const [x, y] = [kindOf(a), kindOf(b)];
  if (x !== y) return x > y ? a : b;
  return x === 2 ? "float32" : "int32";
}

/** The dtype of a tensor without axes beside tensors that have some: only its kind may win. */
export const promoteScalar = (scalar: DType, tensors: DType): DType =>
  kindOf(scalar) > kindOf(tensors) ? scalar : tensors;

/** The dtype of a JavaScript number beside a tensor of `other`: it adapts unless it cannot. */
export function numberDType(value: number, other: DType): DType {
  if (isFloat(other)) return other;
  const whole = other === "uint32" && value >= 0 ? other : "int32";
  const [least, most] = integerLimits[whole];
  return Number.isInteger(value) && value >= least && value <= most ? whole : "float32";
}

/** Rounds a number into a dtype's range as a device would store it. */
export function toDType(value: number, dtype: DType): number {
  if (dtype === "int32") return value | 0;
  if (dtype === "uint32") return value >>> 0;
  if (dtype === "bool") return value === 0 ? 0 : 1;
  return dtype === "float16" ? roundHalf(value) : value;
}

/** What a device says of its element types. */
interface Holds {
  readonly hasFloat16: boolean;
  toString(): string;
}

/** @throws DTypeError for an unknown dtype, DeviceError for one that the device cannot hold */
export function checkDType(op: string, dtype: string, device: Holds): asserts dtype is DType {
  if (!(dtypes as readonly string[]).includes(dtype)) {
    throw new DTypeError(`${op}: unknown dtype "${dtype}". Use one of ${dtypes.join(", ")}.`);
  }
  if (dtype !== "float16" || device.hasFloat16) return;
  throw new DeviceError(
    `${op}: float16 needs the WebGPU feature "shader-f16", which this adapter does not have; ` +
      `got ${device}. Use float32 here, another adapter, or the cpu device, which rounds alike.`,
  );
}
