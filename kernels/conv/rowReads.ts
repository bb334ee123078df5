import type { Operand } from "../../src/core/ir.ts";
import { plus, range, u32 } from "../indexText.ts";
import type { Span } from "./span.ts";

/** Where a thread starts to read rows along the last axis of an operand. */
interface Starts {
  /** Where the thread's first place reads at its first tap: `add` more than a multiple of `step`. */
  readonly add: number;
  readonly step: number;
  /** The furthest start, without `add`. */
  readonly furthest: number;
  readonly size: number;
}

/**
 * What a thread reads of one row of an operand: four elements at once where that can be, else one
 * by one. WGSL calls the row's first element, which may be before the row, `x0`.
 */
export class RowReads {
  readonly #operand: Operand;
  readonly #stride: number;
  readonly #single: readonly { readonly distance: number; readonly guarded: boolean }[];
  readonly #fours: readonly { readonly distance: number; readonly guarded: boolean }[];
  readonly #size: number;
  /** By element: the one that begins its four. */
  readonly #fourOf: ReadonlyMap<number, number>;

  constructor(operand: Operand, span: Span, { add, step, furthest, size }: Starts) {
    this.#operand = operand;
    this.#stride = operand.strides.at(-1)!;
    this.#size = size;
    const all = span.reads(add, furthest, size);
    const known = new Set(all.map(({ distance }) => distance));
    // Rows and starts lie at multiples of four: such a four is inside or outside as a whole.
    const aligned = operand.vec4(operand.shape.length - 1) && step % 4 === 0;
    const low = add + span.low;
    this.#fours = all.filter(({ distance: d }) => {
      const whole = (low + d) % 4 === 0 && low + d >= 0;
      return aligned && whole && [1, 2, 3].every((j) => known.has(d + j));
    });
    const parts = this.#fours.flatMap(({ distance: d }) =>
      range(4).map((j): [number, number] => [d + j, d]),
    );
    this.#fourOf = new Map(parts);
    this.#single = all.filter(({ distance }) => !this.#fourOf.has(distance));
  }

  get hasSingle(): boolean {
    return this.#single.length > 0;
  }

  get hasFours(): boolean {
    return this.#fours.length > 0;
  }

  /** WGSL of where the first four starts. */
  get four(): string {
    return plus("x0", u32(this.#fours[0]?.distance ?? 0));
  }

  /** Statements that name whether elements are inside the row. */
  guards(): string[] {
    return [...this.#single, ...this.#fours].flatMap(({ distance: d, guarded }) =>
      guarded ? [`let v${d} = x0 + ${d}u < ${this.#size}u;`] : [],
    );
  }

  /**
   * Statements that read everything, from the pointers to `x0` and to the first four.
   * @param inside WGSL of what has to be true of the row; else what it reads is 0
   */
  loads(name: string, single: string, four: string, inside: readonly string[] = []): string[] {
    const first = this.#fours[0]?.distance ?? 0;
    const load = (width: 1 | 4, pointer: string, d: number, guarded: boolean) => {
      const value = this.#operand.element(pointer, width);
      const zero = width === 4 ? "vec4<f32>(0.0)" : "0.0";
      const tests = [...inside, ...(guarded ? [`v${d}`] : [])].join(" && ");
      return `let ${name}${d} = ${tests === "" ? value : `select(${zero}, ${value}, ${tests})`};`;
    };
    return [
      ...this.#single.map(({ distance: d, guarded }) =>
        load(1, plus(single, u32(d * this.#stride)), d, guarded),
      ),
      ...this.#fours.map(({ distance: d, guarded }) =>
        load(4, plus(four, u32((d - first) / 4)), d, guarded),
      ),
    ];
  }

  /** WGSL of an element that `loads` read. */
  value(name: string, distance: number): string {
    const four = this.#fourOf.get(distance);
    return four === undefined ? `${name}${distance}` : `${name}${four}.${"xyzw"[distance - four]}`;
  }
}
