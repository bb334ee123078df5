import type { FileFormatError } from "./errors.ts";
import { formatError, PREFIX } from "./safetensorsPrefix.ts";
import { parseHeaderText } from "./safetensorsText.ts";
import { type StoredType, storedTypes } from "./storedTypes.ts";
import type { Json, JsonEntry } from "./strictJson.ts";

/** Where one tensor lies. Offsets count from the start of the file. */
export interface HeaderEntry {
  stored: string;
  type: StoredType;
  shape: number[];
  begin: number;
  end: number;
}

export interface Header {
  tensors: Map<string, HeaderEntry>;
  /** Free text of the writer. It has no prototype, so any key is only a key. */
  metadata: Record<string, string>;
}

/**
 * Reads and checks the header before anything is allocated for the data.
 *
 * @param bytes the header alone, without the 8 bytes before it
 * @param total the size of the whole file
 * @throws FileFormatError when a name repeats, a dtype is unknown, a shape overflows, or the
 *   tensors do not cover the data exactly once.
 * Source: the format as published at https://github.com/huggingface/safetensors.
 */
export function parseHeader(bytes: Uint8Array, total: number, source: string): Header {
  const { root, byteAt } = parseHeaderText(bytes, source);
  const tensors = new Map<string, HeaderEntry>();
  let metadata: Record<string, string> = Object.create(null);
  for (const [name, entry] of root) {
    const fail = (what: string) => {
      return formatError(source, byteAt(entry.at), `${JSON.stringify(name)} ${what}`);
    };
    checkKey(name, fail);
    if (name === "__metadata__") metadata = readMetadata(entry.value, fail);
    else tensors.set(name, readEntry(entry.value, PREFIX + bytes.length, total, fail));
  }
  checkCoverage(tensors, PREFIX + bytes.length, total, source);
  return { tensors, metadata };
}

type Fail = (what: string) => FileFormatError;

/** A Map holds any name, but who copies it into an object would lose or change something. */
function checkKey(key: string, fail: Fail): void {
  if (key === "__proto__") throw fail('has the key "__proto__", which no tensor or text may have');
}

function readMetadata(value: Json, fail: Fail): Record<string, string> {
  if (!(value instanceof Map)) throw fail("is not an object of texts");
  const metadata: Record<string, string> = Object.create(null);
  for (const [key, { value: text }] of value) {
    checkKey(key, fail);
    if (!isKind(text, "string")) throw fail(`has no text under ${JSON.stringify(key)}`);
    metadata[key] = text.value;
  }
  return metadata;
}

function readEntry(value: Json, dataStart: number, total: number, fail: Fail): HeaderEntry {
  if (!(value instanceof Map)) throw fail("is not described by an object");
  for (const field of value.keys()) {
    if (!["dtype", "shape", "data_offsets"].includes(field)) {
      throw fail(`has an unknown field ${JSON.stringify(field)}`);
    }
  }
  const [stored, type] = readType(value.get("dtype"), fail);
  const shape = readIntegers(value.get("shape"), "shape", fail);
  const size = byteSize(shape, type, fail);
  const offsets = readIntegers(value.get("data_offsets"), "data_offsets", fail);
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    throw fail(`has ${offsets.length} data_offsets instead of 2`);
  }
  if (end < begin) throw fail(`has reversed data_offsets [${begin}, ${end}]`);
  if (end > total - dataStart) {
    throw fail(`ends at byte ${end} of the data, which has only ${total - dataStart} bytes`);
  }
  if (end - begin !== size) {
    throw fail(`has ${end - begin} bytes, but ${stored} [${shape.join(", ")}] takes ${size}`);
  }
  return { stored, type, shape, begin: dataStart + begin, end: dataStart + end };
}

function readType(entry: JsonEntry | undefined, fail: Fail): [string, StoredType] {
  const value = entry?.value;
  if (value === undefined || !isKind(value, "string")) throw fail("has no dtype");
  const type = storedTypes.get(value.value);
  if (type !== undefined) return [value.value, type];
  const known = [...storedTypes.keys()].join(", ");
  throw fail(`has dtype ${JSON.stringify(value.value)}, which is not one of ${known}`);
}

function readIntegers(entry: JsonEntry | undefined, field: string, fail: Fail): number[] {
  const value = entry?.value;
  if (!Array.isArray(value)) throw fail(`has no list ${field}`);
  return value.map((item) => {
    const text = isKind(item, "number") ? item.text : "";
    if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
    throw fail(
      `has a ${field} with ${text || "something"}, which is not a whole number it can hold`,
    );
  });
}

function byteSize(shape: readonly number[], type: StoredType, fail: Fail): number {
  let size = type.bytes;
  for (const length of shape) {
    size *= length;
    if (!Number.isSafeInteger(size)) throw fail(`has a shape whose size overflows`);
  }
  return size;
}

/** The tensors must cover the data exactly: bytes that nobody reads could hide anything. */
function checkCoverage(
  tensors: Map<string, HeaderEntry>,
  start: number,
  total: number,
  source: string,
) {
  const byPlace = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = start;
  for (const [name, { begin, end }] of byPlace) {
    const label = JSON.stringify(name);
    if (begin < covered) throw formatError(source, begin, `${label} overlaps the tensor before it`);
    if (begin > covered)
      throw formatError(source, covered, `no tensor covers the bytes before ${label}`);
    covered = end;
  }
  if (covered < total) {
    throw formatError(source, covered, `${total - covered} bytes follow the last tensor`);
  }
}

function isKind<K extends "number" | "string">(
  value: Json,
  kind: K,
): value is Extract<Json, { kind: K }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}
