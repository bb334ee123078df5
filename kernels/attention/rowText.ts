import type { Operand } from "../../src/core/ir.ts";
import { unravel } from "../indexText.ts";
import type { AttentionAttrs, AttentionShape } from "./attentionShape.ts";
import type { Registers } from "./registers.ts";

/** q, k and v among the inputs from number `first` on. */
export function valueRows(
  inputs: readonly Operand[],
  attrs: AttentionAttrs,
  problem: readonly string[],
  first: number,
): { q: Rows; k: Rows; v: Rows } {
  const make = (name: string, part: number) => {
    const operand = inputs[first + (attrs.packed ? 0 : part)]!;
    return new Rows(name, operand, attrs, problem, part);
  };
  return { q: make("q", 0), k: make("k", 1), v: make("v", 2) };
}

/** Names of a problem's indices, and the statements that declare them. */
export function problemIndices({ problems }: AttentionShape, problem: string) {
  const names = problems.map((_, d) => `p${d}`);
  const texts = unravel(problem, problems);
  return { names, declared: texts.map((text, d) => `let p${d} = ${text};`).join("\n") };
}

/** Where element `e` of a row lies; `part` is 0, 1, 2 for q, k, v within a packed tensor. */
export function rowIndices(
  problem: readonly string[],
  { rows, packed }: AttentionAttrs,
  part: number | null,
  row: string,
  e: string,
): string[] {
  const indices = [...problem.toSpliced(rows, 0, row), e];
  return packed && part !== null ? indices.toSpliced(-2, 0, `${part}u`) : indices;
}

/** The rows of one problem in an operand. */
export class Rows {
  readonly width: number;
  readonly count: number;
  /** Statement that must stand before all others. */
  readonly declared: string;
  readonly #operand: Operand;
  readonly #name: string;
  readonly #wide: boolean;
  /** Array indices between rows, and between elements of a row that is not read by vectors. */
  readonly #step: number;
  readonly #stride: number;

  constructor(
    name: string,
    operand: Operand,
    attrs: AttentionAttrs,
    problem: readonly string[],
    part: number | null,
  ) {
    const { shape, strides } = operand;
    const last = shape.length - 1;
    this.width = shape[last]!;
    this.count = shape[attrs.rows]!;
    this.#operand = operand;
    this.#name = name;
    this.#wide = operand.vec4(last);
    // With one row there is no neighbour, and its stride need not be a multiple of 4.
    const step = shape[attrs.rows] === 1 ? 0 : strides[attrs.rows]!;
    // Unsigned arithmetic wraps, so that a flipped operand's negative strides are right.
    this.#step = (this.#wide ? step / 4 : step) >>> 0;
    this.#stride = (this.width === 1 ? 0 : strides[last]!) >>> 0;
    const first = rowIndices(problem, attrs, part, "0u", "0u");
    this.declared = `let ${name}_rows = ${operand.pointer(first, this.#wide ? 4 : 1)};`;
  }

  /** Statements after which registers hold a row, or stand for it; it is read a few times. */
  load(registers: Registers, name: string, row: string): string {
    const read = registers.read(name, this.width, (index) => this.#vectorAt(`${name}_at`, index));
    return `let ${name}_at = ${this.#pointer(row)};\n${read}`;
  }

  /** Statements that copy a row into registers, times a number. */
  keep(registers: Registers, name: string, row: string, scale = 1): string {
    const factor = scale === 1 ? "" : ` * f32(${scale})`;
    const value = (index: string) => `${this.#vectorAt(`${name}_at`, index)}${factor}`;
    const copied = registers.declare(name, this.width, ({ index }) => value(index));
    return `let ${name}_at = ${this.#pointer(row)};\n${copied}`;
  }

  /** Vector number `index` of a row. */
  vector(row: string, index: string): string {
    return this.#vectorAt(this.#pointer(row), index);
  }

  #pointer(row: string): string {
    return `${this.#name}_rows + ${row} * ${this.#step}u`;
  }

  #vectorAt(pointer: string, index: string): string {
    if (this.#wide) return this.#operand.element(`${pointer} + ${index}`, 4);
    const last = `${this.width - 1}u`;
    const element = (q: number) => {
      const e = `(${index} * 4u + ${q}u)`;
      const place = `${pointer} + min(${e}, ${last}) * ${this.#stride}u`;
      return `select(0.0, ${this.#operand.element(place, 1)}, ${e} <= ${last})`;
    };
    return `vec4<f32>(${[0, 1, 2, 3].map(element).join(", ")})`;
  }
}

/** What masks the pairs of one row that a thread owns with each row `j` of the other side. */
export class Pairs {
  readonly declared: string;
  readonly #kind: AttentionAttrs["extra"];
  readonly #value: string;
  readonly #causal: string | null;

  /** `side` is that of the thread's row; `causal` says on which terms row `j` may come, if any. */
  constructor(
    operand: Operand | undefined,
    { extra }: AttentionAttrs,
    problem: readonly string[],
    row: {
      readonly side: "query" | "key";
      readonly suffix: string;
      readonly causal: string | null;
    },
  ) {
    const { side, suffix, causal } = row;
    this.#kind = extra;
    this.#causal = causal;
    if (extra === "none" || operand === undefined) {
      this.declared = this.#value = "";
      return;
    }
    const [first, axis] =
      side === "query"
        ? [[...problem, `row_${suffix}`, "0u"], problem.length + 1]
        : [[...problem, "0u", `row_${suffix}`], problem.length];
    const step = operand.shape[axis] === 1 ? 0 : operand.strides[axis]! >>> 0;
    this.declared = `let pairs_${suffix} = ${operand.pointer(first, 1)};`;
    this.#value = operand.element(`pairs_${suffix} + j * ${step}u`, 1);
  }

  /** The statements for a pair that is not masked; `added` and `scaled` may stand in them. */
  where(statements: string): string {
    const terms = this.#causal === null ? [] : [this.#causal];
    if (this.#kind === "allowed") terms.push(this.#value);
    if (this.#kind === "blocked") terms.push(`!${this.#value}`);
    if (this.#kind === "factor") terms.push("factor >= 0.0");
    const factor = this.#kind === "factor" ? `let factor = ${this.#value};\n` : "";
    const test = terms.length === 0 ? "" : `if (${terms.join(" && ")}) `;
    return `{\n${factor}${test}{\n${statements}\n}\n}`;
  }

  /** What follows the product of a query and a key. */
  get added(): string {
    return this.#kind === "bias" ? ` + ${this.#value}` : "";
  }

  /** What follows a weight where it multiplies a value. */
  get scaled(): string {
    return this.#kind === "factor" ? " * factor" : "";
  }
}
