import type { DType } from "../core/dtype.ts";
import { ValueError } from "../core/errors.ts";
import { encodeHalves } from "../core/half.ts";
import { type HeaderEntry, parseHeader } from "./safetensorsHeader.ts";
import { formatError, PREFIX, readHeaderLength } from "./safetensorsPrefix.ts";
import { decodeFloat64, littleEndian, type TensorData } from "./storedTypes.ts";

/** A tensor as plain data: what a file holds, without a device. */
export interface StoredTensor {
  dtype: DType;
  shape: readonly number[];
  data: TensorData;
}

export interface StoredTensors {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

export interface DecodeOptions {
  /** "narrow" (the default) turns F64 into float32; "keep" gives a Float64Array. */
  float64?: "narrow" | "keep";
  /** "widen" (the default) turns F16 into float32, which every device has; "keep" into float16. */
  float16?: "widen" | "keep";
}

/**
 * Reads a safetensors file. F16 and BF16 become float32, 8- and 16-bit integers int32, I64 int32
 * and U64 uint32 (values out of range are refused), F64 float32 unless kept.
 *
 * @param bytes the whole file
 * @param source what to call it in errors: a path or an address
 * @throws FileFormatError when the bytes are not a valid file; nothing is allocated before.
 */
export function parseSafetensors(
  bytes: Uint8Array,
  source: string,
  options: DecodeOptions = {},
): StoredTensors {
  const length = readHeaderLength(bytes.subarray(0, PREFIX), bytes.length, source);
  const header = parseHeader(bytes.subarray(PREFIX, PREFIX + length), bytes.length, source);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of header.tensors) {
    const part = bytes.subarray(entry.begin, entry.end);
    tensors.set(name, decodeTensor(name, entry, part, source, options));
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Decodes the bytes of one tensor.
 *
 * @throws FileFormatError when an element does not fit the dtype it becomes.
 */
export function decodeTensor(
  name: string,
  entry: HeaderEntry,
  bytes: Uint8Array,
  source: string,
  { float64 = "narrow", float16 = "widen" }: DecodeOptions = {},
): StoredTensor {
  checkEndianness();
  const { type, stored, shape } = entry;
  const keep = stored === "F64" && float64 === "keep";
  const data = keep ? decodeFloat64(bytes) : type.decode(bytes);
  const dtype = stored === "F16" && float16 === "keep" ? "float16" : type.dtype;
  if (!("index" in data)) return { dtype, shape, data };
  throw formatError(
    source,
    entry.begin + data.index * type.bytes,
    `${JSON.stringify(name)} holds ${data.value}, which is out of range for ${type.dtype}`,
    `Save ${stored} values that fit ${type.dtype}.`,
  );
}

/**
 * Writes a safetensors file: 8 bytes of header length, a JSON header padded to 8 bytes, the data.
 * The widest elements come first, then names in order, so every tensor lies aligned and the same
 * tensors always give the same bytes. Dtypes: F32, F64 (from a Float64Array), F16, I32, U32, BOOL.
 *
 * @throws ValueError when a name cannot be stored or the data does not fill the shape.
 */
export function serializeSafetensors(
  tensors: Iterable<readonly [string, StoredTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  checkEndianness();
  const entries = [...tensors].map(toWritten).sort(([a, x], [b, y]) => {
    return y.data.BYTES_PER_ELEMENT - x.data.BYTES_PER_ELEMENT || (a < b ? -1 : 1);
  });
  const { header, dataLength } = writeHeader(entries, metadata);
  const file = new Uint8Array(PREFIX + header.length + dataLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, PREFIX);
  let at = PREFIX + header.length;
  for (const [, { data }] of entries) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** A tensor with the elements that the file holds. */
type Written = Omit<StoredTensor, "data"> & { readonly data: TensorData | Uint16Array };

function toWritten([name, tensor]: readonly [string, StoredTensor]): [string, Written] {
  const isHalf = tensor.dtype === "float16";
  return [name, isHalf ? { ...tensor, data: encodeHalves(tensor.data) } : tensor];
}

function writeHeader(
  entries: readonly (readonly [string, Written])[],
  metadata: Readonly<Record<string, string>>,
) {
  const fields: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  texts.forEach(checkText);
  if (texts.length > 0) fields.push(`"__metadata__":${JSON.stringify(Object.fromEntries(texts))}`);
  let offset = 0;
  const seen = new Set<string>();
  for (const [name, tensor] of entries) {
    const end = offset + tensor.data.byteLength;
    const dtype = storedName(name, tensor, seen);
    const description = { dtype, shape: tensor.shape, data_offsets: [offset, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(description)}`);
    offset = end;
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const header = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  header.set(text);
  return { header, dataLength: offset };
}

function storedName(name: string, { dtype, shape, data }: Written, seen: Set<string>): string {
  const fail = (what: string, mend: string) => {
    return new ValueError(`serializeSafetensors: ${what}; got ${JSON.stringify(name)}. ${mend}`);
  };
  if (name === "__metadata__") throw fail("this name is reserved", "Name the tensor otherwise.");
  if (seen.has(name)) throw fail("two tensors have one name", "Give each its own.");
  checkText([name, ""]);
  seen.add(name);
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== size) {
    throw fail(
      `${data.length} elements do not fill [${shape.join(", ")}]`,
      `Pass ${size} of them.`,
    );
  }
  const match = names.find(([d, array]) => d === dtype && data instanceof array);
  if (match !== undefined) return match[2];
  throw fail(`${dtype} in a ${data.constructor.name}`, "Pass the array that belongs to the dtype.");
}

const names = [
  ["float32", Float32Array, "F32"],
  ["float32", Float64Array, "F64"],
  ["float16", Uint16Array, "F16"],
  ["int32", Int32Array, "I32"],
  ["uint32", Uint32Array, "U32"],
  ["bool", Uint8Array, "BOOL"],
] as const;

/** Half of a surrogate pair has no UTF-8 form: it would come back as another name. */
function checkText(pair: readonly [string, string]): void {
  for (const text of pair) {
    if (typeof text === "string" && !/\p{Surrogate}/u.test(text)) continue;
    throw new ValueError(
      `serializeSafetensors: names and metadata must be texts; got ${JSON.stringify(text)}. ` +
        "Convert the value with String().",
    );
  }
}

function checkEndianness(): void {
  if (littleEndian) return;
  throw new ValueError(
    "safetensors: the format is little-endian; got a big-endian machine. Convert the file elsewhere.",
  );
}
