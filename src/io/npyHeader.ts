import { FileFormatError } from "./errors.ts";
import { PythonLiteral } from "./pythonLiteral.ts";
import { type StoredType, storedTypes } from "./storedTypes.ts";

/** What a file of NumPy holds, and where its elements begin. */
export interface NpyHeader {
  /** "<f4" and its like. */
  readonly descr: string;
  readonly type: StoredType;
  /** The first axis varies fastest, as in Fortran. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Offset of the first element in the file. */
  readonly begin: number;
}

/** The element types that are read; one byte has no order, others are little-endian. */
export const npyTypes: ReadonlyMap<string, string> = new Map([
  ["<f8", "F64"],
  ["<f4", "F32"],
  ["<f2", "F16"],
  ["<i8", "I64"],
  ["<i4", "I32"],
  ["<i2", "I16"],
  ["|i1", "I8"],
  ["<u8", "U64"],
  ["<u4", "U32"],
  ["<u2", "U16"],
  ["|u1", "U8"],
  ["|b1", "BOOL"],
]);

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The most bytes before the header: magic, version, a length of two or four bytes. */
export const NPY_PREFIX = 12;
/** A header describes one array: more bytes than this only structured types would need. */
const MAX_HEADER = 2 ** 16;
/** NumPy's own bound. */
const MAX_AXES = 64;
const TRUNCATED = "The file is truncated or not an npy file: fetch or save it again.";
const BROKEN =
  "The file is damaged or was written by a faulty tool: save it again with numpy.save.";

export const npyError = (source: string, at: number, what: string, mend = BROKEN) =>
  new FileFormatError("npy", source, at, what, mend);

/** Where the header lies. @throws FileFormatError unless the file can hold such a header */
export function readNpyPrefix(
  prefix: Uint8Array,
  total: number,
  source: string,
): { start: number; end: number } {
  const bad = MAGIC.findIndex((byte, i) => prefix[i] !== byte);
  if (bad >= 0) throw npyError(source, bad, "the file does not begin with \\x93NUMPY", TRUNCATED);
  const [major = 0, minor = 0] = prefix.subarray(6, 8);
  if (prefix.length >= 8 && (major < 1 || major > 3 || minor !== 0)) {
    throw npyError(source, 6, `the version is ${major}.${minor}, not 1.0, 2.0 or 3.0`);
  }
  const start = major === 1 ? 10 : NPY_PREFIX;
  if (prefix.length < start) {
    const what = `the file has ${total} bytes, fewer than the ${start} before a header`;
    throw npyError(source, prefix.length, what, TRUNCATED);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER || length > total - start) {
    const most = Math.min(MAX_HEADER, total - start);
    const what = `the header claims ${length} bytes, of which at most ${most} can be there`;
    throw npyError(source, 8, what, TRUNCATED);
  }
  return { start, end: start + length };
}

/**
 * Reads and checks the header before anything is allocated for the elements.
 *
 * @param bytes the header alone
 * @param start where it begins in the file of `total` bytes
 * @throws FileFormatError when it is not the header of one plain array that fills the file
 * Source: NEP 1, https://numpy.org/neps/nep-0001-npy-format.html
 */
export function parseNpyHeader(
  bytes: Uint8Array,
  start: number,
  total: number,
  source: string,
): NpyHeader {
  const text = decode(bytes, start, source);
  const fail = (at: number, what: string, mend?: string) =>
    npyError(source, start + at, what, mend);
  const entries = new PythonLiteral(text, fail).entries(["descr", "fortran_order", "shape"]);
  const [descr, order, shape] = entries;
  const type = storedTypes.get(npyTypes.get(String(descr.value)) ?? "");
  if (typeof descr.value !== "string" || type === undefined) {
    const known = [...npyTypes.keys()].join(", ");
    const what = `the element type ${describe(descr.value)} is not one of ${known}`;
    throw fail(descr.at, what, 'Save it as one of these: array.astype("<f4").');
  }
  if (typeof order.value !== "boolean") throw fail(order.at, "fortran_order is no truth value");
  if (!Array.isArray(shape.value)) throw fail(shape.at, "shape is no tuple");
  const sizes: readonly number[] = shape.value;
  const begin = start + bytes.length;
  const wanted = byteSize(sizes, type.bytes);
  if (!Number.isSafeInteger(wanted)) throw fail(shape.at, "the shape's size overflows");
  if (sizes.length > MAX_AXES) throw fail(shape.at, `${sizes.length} axes, more than ${MAX_AXES}`);
  if (wanted !== total - begin) {
    const what = `${total - begin} bytes follow, but ${descr.value} [${sizes.join(", ")}] takes ${wanted}`;
    throw npyError(source, Math.min(total, begin + wanted), what, TRUNCATED);
  }
  return { descr: descr.value, type, fortranOrder: order.value, shape: sizes, begin };
}

/** Sizes before a zero count too: what a strange shape claims must be a number. */
function byteSize(shape: readonly number[], bytes: number): number {
  let [size, claimed] = [bytes, bytes];
  for (const length of shape) {
    size *= length;
    claimed *= Math.max(length, 1);
  }
  return Number.isSafeInteger(claimed) ? size : Number.NaN;
}

const describe = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value) : "of a structure";

/** ASCII, so that an index into the text is one into the file; other names are of structures. */
function decode(bytes: Uint8Array, start: number, source: string): string {
  const other = bytes.findIndex((byte) => byte > 0x7e || (byte < 0x20 && byte !== 0x0a));
  if (other < 0) return new TextDecoder().decode(bytes);
  throw npyError(source, start + other, "the header holds a byte that is no ASCII text");
}
