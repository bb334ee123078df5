import { formatError, PREFIX } from "./safetensorsPrefix.ts";
import { type Json, type JsonEntry, JsonError, parseStrictJson } from "./strictJson.ts";

/** The header's outermost object, and the byte of the file at which a character of it lies. */
export interface HeaderText {
  root: Map<string, JsonEntry>;
  byteAt: (index: number) => number;
}

/** Decodes and parses the header. @throws FileFormatError when it is not UTF-8 or not JSON. */
export function parseHeaderText(bytes: Uint8Array, source: string): HeaderText {
  const text = decodeText(bytes, source);
  const byteAt = (index: number): number => PREFIX + utf8Length(text, index);
  return { root: parseText(text, byteAt, source), byteAt };
}

function decodeText(bytes: Uint8Array, source: string): string {
  // A byte-order mark is kept, and so refused below, as the format allows none.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw formatError(source, PREFIX + badByte(bytes), "the header is not UTF-8 text");
  }
}

/** The first byte that differs after decoding leniently and encoding again. */
function badByte(bytes: Uint8Array): number {
  const again = new TextEncoder().encode(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
  );
  const index = bytes.findIndex((byte, i) => byte !== again[i]);
  return index < 0 ? bytes.length : index;
}

function parseText(text: string, byteAt: (index: number) => number, source: string) {
  let root: Json;
  try {
    root = parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw formatError(source, byteAt(error.at), `the header is not valid JSON: ${error.message}`);
  }
  if (!(root instanceof Map) || text[0] !== "{") {
    throw formatError(source, PREFIX, "the header is not a JSON object that begins with {");
  }
  return root;
}

/** How many bytes the first `index` UTF-16 units of a text take in UTF-8. */
function utf8Length(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length;
}
