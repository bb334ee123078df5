/** JSON as data from strangers: objects are Maps, so no key can reach a prototype. */
export type Json = null | boolean | JsonNumber | JsonString | Json[] | Map<string, JsonEntry>;
/** A number as it was written, so that the reader decides what is an integer. */
export interface JsonNumber {
  kind: "number";
  text: string;
}
export interface JsonString {
  kind: "string";
  value: string;
}
/** A value of an object, and where its key begins (an index into the text). */
export interface JsonEntry {
  value: Json;
  at: number;
}

/** Text that is not JSON, or JSON with a repeated key. `at` is an index into the text. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

// No header nests deeper than 3. The bound keeps hostile text from exhausting the stack.
const MAX_DEPTH = 16;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parse JSON (RFC 8259) and refuse repeated keys, which JSON.parse silently overwrites.
 *
 * @throws JsonError with the index where the text goes wrong.
 */
export function parseStrictJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.skipSpace();
  if (reader.at < text.length) throw new JsonError("text follows the JSON value", reader.at);
  return value;
}

class Reader {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  skipSpace(): void {
    while (isSpace(this.text.charCodeAt(this.at))) this.at++;
  }

  value(depth: number): Json {
    this.skipSpace();
    if (depth > MAX_DEPTH) throw new JsonError(`nested deeper than ${MAX_DEPTH}`, this.at);
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (first === '"') return { kind: "string", value: this.string() };
    return this.number() ?? this.literal();
  }

  object(depth: number): Map<string, JsonEntry> {
    const entries = new Map<string, JsonEntry>();
    this.at++;
    if (this.take("}")) return entries;
    do {
      this.skipSpace();
      const at = this.at;
      const key = this.string();
      if (entries.has(key)) throw new JsonError(`the key ${JSON.stringify(key)} repeats`, at);
      if (!this.take(":")) throw new JsonError("no colon after a key", this.at);
      entries.set(key, { value: this.value(depth + 1), at });
    } while (this.take(","));
    if (!this.take("}")) throw new JsonError("an object does not end", this.at);
    return entries;
  }

  array(depth: number): Json[] {
    const values: Json[] = [];
    this.at++;
    if (this.take("]")) return values;
    do values.push(this.value(depth + 1));
    while (this.take(","));
    if (!this.take("]")) throw new JsonError("an array does not end", this.at);
    return values;
  }

  /** A loop instead of an expression: a name of many megabytes must not exhaust the stack. */
  string(): string {
    const start = this.at;
    if (this.text[start] !== '"') throw new JsonError("a string was expected", start);
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    if (end >= this.text.length) throw new JsonError("a string does not end", start);
    this.at = end + 1;
    const value = unquote(this.text.slice(start, this.at), start);
    if (LONE_SURROGATE.test(value)) throw new JsonError("a string holds half a character", start);
    return value;
  }

  number(): JsonNumber | undefined {
    NUMBER.lastIndex = this.at;
    const text = NUMBER.exec(this.text)?.[0];
    if (text === undefined) return undefined;
    this.at += text.length;
    return { kind: "number", text };
  }

  literal(): Json {
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    throw new JsonError("a JSON value was expected", this.at);
  }

  take(character: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }
}

function unquote(quoted: string, at: number): string {
  try {
    const value: unknown = JSON.parse(quoted);
    if (typeof value === "string") return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new JsonError("a string holds a bad escape or a control character", at);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
