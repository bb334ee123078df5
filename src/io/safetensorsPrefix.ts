import { FileFormatError } from "./errors.ts";

/** The length of the header stands in the first 8 bytes. */
export const PREFIX = 8;
/** The published format's own bound. */
export const MAX_HEADER = 100_000_000;
const OPERATION = "safetensors";
const TRUNCATED = "The file is truncated or not a safetensors file: fetch or save it again.";
const BROKEN = "The file is damaged or was written by a faulty tool: fetch or save it again.";

/** Builds the error for a byte of a named file. */
export function formatError(source: string, at: number, what: string, mend = BROKEN) {
  return new FileFormatError(OPERATION, source, at, what, mend);
}

/**
 * The length of the header in bytes, from the first 8 bytes of a file of `total` bytes.
 *
 * @throws FileFormatError when the file cannot hold such a header.
 */
export function readHeaderLength(prefix: Uint8Array, total: number, source: string): number {
  if (total < PREFIX || prefix.length < PREFIX) {
    const what = `the file has ${total} bytes, fewer than the ${PREFIX} of the header's length`;
    throw formatError(source, Math.min(total, prefix.length), what, TRUNCATED);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, PREFIX);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    const what = `the header claims ${length} bytes, more than the allowed ${MAX_HEADER}`;
    throw formatError(source, 0, what, TRUNCATED);
  }
  if (Number(length) > total - PREFIX) {
    const what = `the header claims ${length} bytes, but only ${total - PREFIX} follow`;
    throw formatError(source, 0, what, TRUNCATED);
  }
  return Number(length);
}
