import type { DType, TypedArray } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import { roundHalves } from "../core/half.ts";
import { Storage } from "../core/node.ts";

export type Precision = "float32" | "float64";

/**
 * Zeroed host memory: floats are held in the device's precision, float16 as numbers that it could
 * hold.
 */
export function createArray(size: number, dtype: DType, precision: Precision): TypedArray {
  switch (dtype) {
    case "float32":
    case "float16":
      return precision === "float64" ? new Float64Array(size) : new Float32Array(size);
    case "int32":
      return new Int32Array(size);
    case "uint32":
      return new Uint32Array(size);
    case "bool":
      return new Uint8Array(size);
  }
}

/** Copies numbers into `out`; storing wraps integers, and a bool becomes 0 or 1. */
export function fillFrom(out: TypedArray, values: ArrayLike<number>): void {
  if (out instanceof Uint8Array && !(values instanceof Uint8Array)) {
    for (let i = 0; i < values.length; i++) out[i] = values[i] === 0 ? 0 : 1;
  } else {
    out.set(values);
  }
}

/** What a device with float16 would hold; in float64, the oracle of gradients, nothing rounds. */
export function roundStored(data: TypedArray, dtype: DType): void {
  if (dtype === "float16" && data instanceof Float32Array) roundHalves(data);
}

/** Host memory of the cpu device. Segments are views of the same `ArrayBuffer`. */
export class CpuStorage extends Storage {
  readonly data: TypedArray;
  readonly dtype: DType;

  constructor(data: TypedArray, dtype: DType) {
    super();
    this.data = data;
    this.dtype = dtype;
  }

  get home(): object {
    return this.data.buffer;
  }

  get offset(): number {
    return this.data.byteOffset;
  }
}

/** @throws DeviceError when the storage is overwritten, disposed, or of another device. */
export function usable(op: string, storage: Storage): CpuStorage {
  if (storage.stale !== null) throw new DeviceError(storage.stale);
  if (storage instanceof CpuStorage) return storage;
  throw new DeviceError(
    `${op}: memory of another device; got ${storage.constructor.name} on the cpu device. ` +
      "Read it there and upload it here.",
  );
}
