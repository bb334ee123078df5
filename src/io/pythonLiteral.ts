import type { FileFormatError } from "./errors.ts";

/** A value of the dictionary, and where it begins. A list is kept as null: it is not read. */
export interface PythonEntry {
  readonly value: string | boolean | readonly number[] | null;
  readonly at: number;
}

type Fail = (at: number, what: string) => FileFormatError;
type Same<K extends readonly string[]> = { [I in keyof K]: PythonEntry };

/**
 * Reads the little of Python that an npy header is written in: a dictionary of texts without
 * escapes, truth values and tuples of whole numbers. Nothing is evaluated.
 */
export class PythonLiteral {
  #at = 0;
  readonly #text: string;
  readonly #fail: Fail;

  constructor(text: string, fail: Fail) {
    this.#text = text;
    this.#fail = fail;
  }

  /** The values of exactly these keys. @throws FileFormatError where the text is anything else */
  entries<const K extends readonly string[]>(keys: K): Same<K> {
    const found = new Map<string, PythonEntry>();
    this.#need("{");
    while (!this.#take("}")) {
      const at = this.#place();
      const key = this.#string();
      if (key === null) throw this.#fail(at, "a key in quotes was expected");
      if (found.has(key)) throw this.#fail(at, `the key ${JSON.stringify(key)} repeats`);
      if (!keys.includes(key)) throw this.#fail(at, `the key ${JSON.stringify(key)} is unknown`);
      this.#need(":");
      found.set(key, { at: this.#place(), value: this.#value() });
      if (!this.#take(",")) {
        this.#need("}");
        break;
      }
    }
    const end = this.#place();
    if (end < this.#text.length) throw this.#fail(end, "text follows the dictionary");
    return keys.map((key) => {
      const entry = found.get(key);
      if (entry === undefined) throw this.#fail(0, `the key ${JSON.stringify(key)} is missing`);
      return entry;
    }) as Same<K>;
  }

  #value(): PythonEntry["value"] {
    const text = this.#string();
    if (text !== null) return text;
    if (this.#take("True")) return true;
    if (this.#take("False")) return false;
    if (this.#take("(")) return this.#tuple();
    // A list names the fields of a structured type: nothing after it matters.
    if (this.#text[this.#at] === "[") return this.#skipList();
    throw this.#fail(this.#at, "a text, a truth value or a tuple was expected");
  }

  #tuple(): number[] {
    const numbers: number[] = [];
    while (!this.#take(")")) {
      const at = this.#place();
      const digits = this.#match(/\d+/y);
      const number = Number(digits);
      if (digits === null || !Number.isSafeInteger(number)) {
        throw this.#fail(at, "a size is not a whole number that can be held");
      }
      numbers.push(number);
      if (this.#take(",")) continue;
      if (numbers.length === 1) throw this.#fail(this.#at, "a tuple of one has no comma");
      this.#need(")");
      break;
    }
    return numbers;
  }

  /** A list without strings that hold brackets; what it says is not used. */
  #skipList(): null {
    let depth = 0;
    do {
      const character = this.#text[this.#at++];
      if (character === undefined) throw this.#fail(this.#text.length, "a list does not end");
      if (character === "[") depth++;
      if (character === "]") depth--;
    } while (depth > 0);
    return null;
  }

  #string(): string | null {
    const quoted = this.#match(/'[^'\\\n]*'|"[^"\\\n]*"/y);
    return quoted === null ? null : quoted.slice(1, -1);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#place();
    const text = pattern.exec(this.#text)?.[0] ?? null;
    if (text !== null) this.#at += text.length;
    return text;
  }

  /** Where the next token begins. */
  #place(): number {
    while (" \n".includes(this.#text[this.#at] ?? "x")) this.#at++;
    return this.#at;
  }

  #take(token: string): boolean {
    const here = this.#text.startsWith(token, this.#place());
    if (here) this.#at += token.length;
    return here;
  }

  #need(token: string): void {
    if (!this.#take(token)) throw this.#fail(this.#at, `"${token}" was expected`);
  }
}
