import { ValueError } from "../core/errors.ts";
import { encodeHalves } from "../core/half.ts";
import {
  NPY_PREFIX,
  type NpyHeader,
  npyError,
  parseNpyHeader,
  readNpyPrefix,
} from "./npyHeader.ts";
import type { DecodeOptions, StoredTensor } from "./safetensorsFormat.ts";
import { decodeFloat64, littleEndian, type TensorData } from "./storedTypes.ts";

/**
 * Reads an array that NumPy saved. f2 becomes float32 (float16 with "keep"), 8- and 16-bit
 * integers int32, i8 int32 and u8 uint32 (values out of range are refused), f8 float32: rounded to
 * the nearest, and a finite value beyond float32 is refused; "keep" gives a Float64Array.
 * Fortran's order becomes row-major.
 *
 * @param bytes the whole file
 * @param source what to call it in errors: a path or an address
 * @throws FileFormatError when the bytes are not one plain array; nothing is allocated before.
 */
export function parseNpy(
  bytes: Uint8Array,
  source: string,
  options: DecodeOptions = {},
): StoredTensor {
  const place = readNpyPrefix(bytes.subarray(0, NPY_PREFIX), bytes.length, source);
  const text = bytes.subarray(place.start, place.end);
  const header = parseNpyHeader(text, place.start, bytes.length, source);
  return decodeNpy(header, bytes.subarray(header.begin), source, options);
}

/** Decodes the elements. @throws FileFormatError when one does not fit the dtype it becomes */
export function decodeNpy(
  { descr, type, fortranOrder, shape, begin }: NpyHeader,
  bytes: Uint8Array,
  source: string,
  { float64 = "narrow", float16 = "widen" }: DecodeOptions = {},
): StoredTensor {
  checkEndianness();
  const data = descr === "<f8" && float64 === "keep" ? decodeFloat64(bytes) : type.decode(bytes);
  const dtype = descr === "<f2" && float16 === "keep" ? "float16" : type.dtype;
  if (!("index" in data))
    return { dtype, shape, data: fortranOrder ? rowMajor(data, shape) : data };
  throw npyError(
    source,
    begin + data.index * type.bytes,
    `the array holds ${data.value}, which is out of range for ${type.dtype}`,
    `Save ${descr} values that fit ${type.dtype}.`,
  );
}

/** The elements of an array whose first axis varies fastest, with the last one fastest. */
function rowMajor(data: TensorData, shape: readonly number[]): TensorData {
  const out = data.slice();
  const index = shape.map(() => 0);
  const strides = shape.map((_, d) => shape.slice(0, d).reduce((n, m) => n * m, 1));
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d]!;
      index[d]!++;
      if (index[d]! < shape[d]!) break;
      from -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  return out;
}

const DESCRIPTIONS = [
  ["float32", Float32Array, "<f4"],
  ["float32", Float64Array, "<f8"],
  ["float16", Uint16Array, "<f2"],
  ["int32", Int32Array, "<i4"],
  ["uint32", Uint32Array, "<u4"],
  ["bool", Uint8Array, "|b1"],
] as const;

/**
 * Writes an array as numpy.save does, byte for byte: f4, f8 (from a Float64Array), f2, i4, u4, b1.
 *
 * @throws ValueError when the data does not fill the shape
 */
export function serializeNpy(tensor: StoredTensor): Uint8Array<ArrayBuffer> {
  checkEndianness();
  const { dtype, shape } = tensor;
  const data = dtype === "float16" ? encodeHalves(tensor.data) : tensor.data;
  const found = DESCRIPTIONS.find(([d, array]) => d === dtype && data instanceof array);
  const size = shape.reduce((product, length) => product * length, 1);
  if (found === undefined || data.length !== size) {
    throw new ValueError(
      `serializeNpy: the data does not fit; got ${data.length} elements of ` +
        `${tensor.data.constructor.name} for ${dtype} [${shape.join(", ")}]. ` +
        `Pass ${size} elements in the array of the dtype.`,
    );
  }
  const header = headerOf(found[2], shape);
  const file = new Uint8Array(header.length + data.byteLength);
  file.set(header);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return file;
}

/** NumPy leaves room for a first axis of so many digits, to append in place. */
const ROOM = 21;

/** Everything before the elements, which begin at a multiple of 64 bytes. */
function headerOf(descr: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const start = 10;
  const room = shape.length === 0 ? 0 : ROOM - String(shape[0]).length;
  const end = Math.ceil((start + text.length + room + 1) / 64) * 64;
  const bytes = new Uint8Array(end).fill(0x20);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, end - start, true);
  bytes.set(new TextEncoder().encode(text), start);
  bytes[end - 1] = 0x0a;
  return bytes;
}

function checkEndianness(): void {
  if (littleEndian) return;
  throw new ValueError(
    "npy: arrays are read and written little-endian; got a big-endian machine. Convert the file elsewhere.",
  );
}
