import { TapegradError } from "../core/errors.ts";

/** A file whose bytes do not follow their format. The message names the source and the byte. */
export class FileFormatError extends TapegradError {
  override name = "FileFormatError";
  /** Where the bytes came from: a path, an address, or a name the caller gave. */
  readonly source: string;
  /** Offset in the file, in bytes, of the first byte that is wrong. */
  readonly byteOffset: number;

  constructor(operation: string, source: string, byteOffset: number, what: string, mend: string) {
    super(`${operation}: ${what}; got ${source} at byte ${byteOffset}. ${mend}`);
    this.source = source;
    this.byteOffset = byteOffset;
  }
}

/** A file that could not be read or written: full disk, missing folder, no permission. */
export class StorageError extends TapegradError {
  override name = "StorageError";
  /** The file that was asked for. */
  readonly path: string;
  /** The system's code, "ENOSPC" for a full disk; "" where the platform gives none. */
  readonly code: string;

  constructor(message: string, path: string, cause?: unknown) {
    super(message, { cause });
    this.path = path;
    this.code = errorCode(cause);
  }
}

/** The code of a system error ("ENOENT"), or the name of a DOMException; "" for anything else. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const code: unknown = "code" in error ? error.code : undefined;
  if (typeof code === "string") return code;
  return error.name === "Error" ? "" : error.name;
}
