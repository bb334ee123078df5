import type { Sink } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import type { Way } from "./ways.ts";

/** One vector of a row: `at("q")` is WGSL of that of the row named q, `index` its number. */
export interface Vector {
  readonly at: (name: string) => string;
  readonly index: string;
}

export const vectors = (width: number): number => Math.ceil(width / 4);

/** What the names of the rows end in that one thread owns. */
export const ownedRows = ({ own }: Way, rows: number): string[] =>
  ["a", "b", "c", "d"].slice(0, Math.min(rows, own));

/**
 * WGSL of rows in registers, four elements to a vector, zeros past the width. Short rows are
 * variables `q0`, `q1`, …; long ones are arrays and loops, which a compiler unrolls if it can:
 * texts of hundreds of variables take a software adapter many seconds to compile.
 */
export class Registers {
  readonly #longest: number;
  /** Long rows that are read where they lie: two reads cost less than a copy. */
  readonly #places = new Map<string, (index: string) => string>();

  constructor(software: boolean) {
    this.#longest = software ? 8 : 16;
  }

  /** Statements for each vector of a row. */
  each(width: number, statements: (vector: Vector) => string): string {
    const count = vectors(width);
    if (count > this.#longest) {
      const at = (name: string) => this.#places.get(name)?.("c") ?? `${name}[c]`;
      const body = statements({ at, index: "c" });
      return `for (var c = 0u; c < ${count}u; c++) { ${body} }`;
    }
    return range(count)
      .map((i) => statements({ at: (name) => `${name}${i}`, index: `${i}u` }))
      .join("\n");
  }

  /** Declares a row by its vectors. */
  declare(name: string, width: number, value: (vector: Vector) => string): string {
    const count = vectors(width);
    if (count <= this.#longest) {
      return this.each(width, (x) => `var ${x.at(name)} = ${value(x)};`);
    }
    const assigned = this.each(width, (x) => `${x.at(name)} = ${value(x)};`);
    return `var ${name}: array<vec4<f32>, ${count}>;\n${assigned}`;
  }

  /** The same for a row in memory that is read a few times. */
  read(name: string, width: number, value: (index: string) => string): string {
    if (vectors(width) <= this.#longest) return this.declare(name, width, (x) => value(x.index));
    this.#places.set(name, value);
    return "";
  }

  /** Declares `name` as the sum of products of two rows. */
  dot(name: string, width: number, a: string, b: string): string {
    const term = ({ at }: Vector) => `dot(${at(a)}, ${at(b)})`;
    if (vectors(width) > this.#longest) {
      return `var ${name} = 0.0;\n${this.each(width, (x) => `${name} += ${term(x)};`)}`;
    }
    const terms = range(vectors(width)).map((i) => `dot(${a}${i}, ${b}${i})`);
    return `let ${name} = ${terms.join(" + ")};`;
  }

  /** Stores a row of `width` elements. */
  store(
    sink: Sink,
    width: number,
    indices: (e: string) => string[],
    value: (vector: Vector) => string,
  ): string {
    if (!sink.wanted) return "";
    return this.each(width, (x) => {
      if (sink.vec4 && width % 4 === 0) {
        return sink.store(indices(`(${x.index} * 4u)`), value(x), 4);
      }
      const single = (q: number) => {
        const e = `(${x.index} * 4u + ${q}u)`;
        return `if (${e} < ${width}u) { ${sink.store(indices(e), `(${value(x)}).${"xyzw"[q]}`)} }`;
      };
      return range(4).map(single).join("\n");
    });
  }
}
