import type { KernelCall, Operand, Sink } from "../../src/core/ir.ts";
import { range, unravel } from "../indexText.ts";
import type { AttentionAttrs, AttentionShape } from "./attentionShape.ts";

/** WGSL of rows as registers `name0`, `name1`, …: four elements each, zeros past the width. */

export const vectors = (width: number): number => Math.ceil(width / 4);

export const lines = (count: number, line: (i: number) => string): string =>
  range(count).map(line).join("\n");

/** a · b of two rows. */
export const dot = (a: string, b: string, width: number): string =>
  range(vectors(width))
    .map((i) => `dot(${a}${i}, ${b}${i})`)
    .join(" + ");

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
  /** Statement that must stand before all others. */
  readonly declared: string;
  readonly #operand: Operand;
  readonly #name: string;
  readonly #wide: boolean;
  readonly #step: number;

  constructor(
    name: string,
    operand: Operand,
    attrs: AttentionAttrs,
    problem: readonly string[],
    part: number | null,
  ) {
    const last = operand.shape.length - 1;
    this.width = operand.shape[last]!;
    this.#operand = operand;
    this.#name = name;
    this.#wide = operand.vec4(last);
    const stride = operand.shape[attrs.rows] === 1 ? 0 : operand.strides[attrs.rows]!;
    this.#step = this.#wide ? stride / 4 : stride;
    const first = rowIndices(problem, attrs, part, "0u", "0u");
    this.declared = `let ${name}_rows = ${operand.pointer(first, this.#wide ? 4 : 1)};`;
  }

  /** Unsigned arithmetic wraps, so that a flipped operand's negative stride is right. */
  #pointer(row: string): string {
    return `${this.#name}_rows + ${row} * ${this.#step >>> 0}u`;
  }

  #stride(): number {
    return (this.width === 1 ? 0 : this.#operand.strides.at(-1)!) >>> 0;
  }

  /** Statements that load a row into registers. */
  load(prefix: string, row: string): string {
    const at = `${prefix}_at`;
    const element = (e: number) =>
      e < this.width ? this.#operand.element(`${at} + ${(e * this.#stride()) >>> 0}u`, 1) : "0.0";
    const vector = (i: number) =>
      this.#wide
        ? this.#operand.element(`${at} + ${i}u`, 4)
        : `vec4<f32>(${[0, 1, 2, 3].map((q) => element(4 * i + q)).join(", ")})`;
    const loads = lines(vectors(this.width), (i) => `let ${prefix}${i} = ${vector(i)};`);
    return `let ${at} = ${this.#pointer(row)};\n${loads}`;
  }

  /** Four elements of a row, from element 4·`i`, where the kernel computes `i`. */
  vector(row: string, i: string): string {
    if (this.#wide) return this.#operand.element(`${this.#pointer(row)} + ${i}`, 4);
    const element = (q: number) => {
      const e = `(4u * ${i} + ${q}u)`;
      const inside = `min(${e}, ${this.width - 1}u) * ${this.#stride()}u`;
      return `select(0.0, ${this.#operand.element(`${this.#pointer(row)} + ${inside}`, 1)}, ${e} < ${this.width}u)`;
    };
    return `vec4<f32>(${[0, 1, 2, 3].map(element).join(", ")})`;
  }
}

/** Statements that store a row of `width` registers. */
export function storeRow(
  sink: Sink,
  width: number,
  indices: (e: string) => string[],
  value: (i: number) => string,
): string {
  if (sink.vec4 && width % 4 === 0) {
    return lines(width / 4, (i) => sink.store(indices(`${4 * i}u`), value(i), 4));
  }
  return lines(width, (e) => sink.store(indices(`${e}u`), `(${value(e >> 2)}).${"xyzw"[e & 3]}`));
}

/** What the kernel reads of a pair: the operand of "allowed", "blocked", "bias" or "factor". */
export class Pair {
  readonly declared: string;
  readonly #kind: AttentionAttrs["extra"];
  readonly #value: string;

  /** `fixed` is the query ("row") or key ("key") of the thread; the other runs as `j`. */
  constructor(
    call: KernelCall,
    operand: Operand | undefined,
    problem: readonly string[],
    fixed: "row" | "key",
  ) {
    const { extra } = call.attrs as AttentionAttrs;
    this.#kind = extra;
    if (extra === "none" || operand === undefined) {
      this.declared = this.#value = "";
      return;
    }
    const [first, axis] =
      fixed === "row"
        ? [[...problem, "row", "0u"], problem.length + 1]
        : [[...problem, "0u", "key"], problem.length];
    const step = operand.shape[axis] === 1 ? 0 : operand.strides[axis]! >>> 0;
    this.declared = `let pairs = ${operand.pointer(first, 1)};`;
    this.#value = operand.element(`pairs + j * ${step}u`, 1);
  }

  /** Statements that go on with the next pair where this one is masked. */
  get skip(): string {
    if (this.#kind === "allowed") return `if (!${this.#value}) { continue; }`;
    if (this.#kind === "blocked") return `if (${this.#value}) { continue; }`;
    if (this.#kind !== "factor") return "";
    return `let factor = ${this.#value};\nif (factor < 0.0) { continue; }`;
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
