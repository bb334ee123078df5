import { type DType, integerLimits, isFloat } from "../../core/dtype.ts";
import { DTypeError, ShapeError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { NestedArray } from "../../tensor/tensor.ts";

type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** What `tensor` takes: numbers, booleans, nested arrays of them, typed arrays. */
export type HostData = NestedArray | NumberArray;

export interface Host {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Elements in row-major order, with the shape and dtype that they suggest. */
export function readHost(data: HostData): Host {
  if (ArrayBuffer.isView(data)) {
    return { values: data, shape: [data.length], dtype: typedDType(data) };
  }
  const shape: number[] = [];
  for (let level: unknown = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  const kinds = new Set<string>();
  collect(data as NestedArray, shape, [], values, kinds);
  return { values, shape, dtype: kinds.size === 1 && kinds.has("boolean") ? "bool" : "float32" };
}

function typedDType(data: NumberArray): DType {
  if (data instanceof Float32Array || data instanceof Float64Array) return "float32";
  // Not every runtime has the class.
  if ((data as object).constructor.name === "Float16Array") return "float16";
  return data instanceof Uint32Array ? "uint32" : "int32";
}

function collect(
  data: NestedArray,
  shape: Shape,
  place: readonly number[],
  values: number[],
  kinds: Set<string>,
): void {
  const depth = place.length;
  if (Array.isArray(data)) {
    if (depth >= shape.length || data.length !== shape[depth]) throw ragged(data, shape, place);
    data.forEach((item, i) => {
      collect(item, shape, [...place, i], values, kinds);
    });
    return;
  }
  if (typeof data !== "number" && typeof data !== "boolean") {
    throw new DTypeError(
      `tensor: an element is not a number; got ${typeof data} ${String(data)} at ` +
        `[${place.join("][")}]. Use numbers, booleans, nested arrays or a typed array.`,
    );
  }
  if (depth !== shape.length) throw ragged(data, shape, place);
  kinds.add(typeof data);
  values.push(Number(data));
}

function ragged(found: unknown, shape: Shape, place: readonly number[]): ShapeError {
  const got = Array.isArray(found) ? `${found.length} elements` : `the number ${String(found)}`;
  const wanted = place.length < shape.length ? `${shape[place.length]} elements` : "a number";
  return new ShapeError(
    `tensor: the nested arrays are ragged; got ${got} at [${place.join("][")}] where the first ` +
      `entries have ${wanted}. Make all rows equally long.`,
  );
}

/**
 * Smallest and largest element of integer data; null for others.
 * @throws DTypeError for an element that the dtype cannot hold
 */
export function integerRange(values: ArrayLike<number>, dtype: DType): [number, number] | null {
  if (isFloat(dtype) || values.length === 0) return null;
  if (dtype === "bool") return [0, 1];
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isInteger(value)) {
      throw new DTypeError(
        `tensor: ${value} at place ${i} is not a whole number; got dtype ${dtype}. ` +
          'Round it first, or use dtype "float32".',
      );
    }
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  const [least, most] = integerLimits[dtype as "int32" | "uint32"];
  if (lo >= least && hi <= most) return [lo, hi];
  throw new DTypeError(
    `tensor: values from ${lo} to ${hi} do not fit ${dtype}, which holds ${least} to ${most}. ` +
      "Use another dtype.",
  );
}
