import type { Tensor } from "../tensor/tensor.ts";
import { buildTape } from "./tapeBuild.ts";
import { type DotOptions, tapeDot, tapeDotWithNorms } from "./tapeDot.ts";
import type { TapeEntry, TapeLeaf, TapeSource } from "./tapeEntry.ts";
import { type TapeJSON, tapeJSON, tapeJSONWithValues } from "./tapeJson.ts";
import type { NameOptions } from "./tapeNames.ts";
import { recordTape } from "./tapeRecord.ts";
import { tapeTable } from "./tapeTable.ts";

export type { TapeEntry, TapeInput, TapeLeaf, TapeSource } from "./tapeEntry.ts";

export interface TapeOptions extends NameOptions {
  /** d(something)/d(output): needed where the output is not a scalar. */
  readonly gradient?: Tensor;
}

/** One step of a lesson: an op is computed, or its gradient is passed back. */
export interface TapeStep {
  readonly direction: "forward" | "backward";
  readonly entry: TapeEntry;
}

/** A recorded computation and its backward pass, as a list of entries in order of recording. */
export class Tape implements Iterable<TapeEntry> {
  readonly entries: readonly TapeEntry[];
  /** What entries start from: variables, arguments, data, numbers. */
  readonly sources: readonly TapeSource[];
  /** What the function returned. */
  readonly output: Tensor;
  /** What the backward pass began with: 1 for a scalar. */
  readonly seed: Tensor;

  constructor(parts: Pick<Tape, "entries" | "sources" | "output" | "seed">) {
    this.entries = parts.entries;
    this.sources = parts.sources;
    this.output = parts.output;
    this.seed = parts.seed;
  }

  get length(): number {
    return this.entries.length;
  }

  /** The parameters and inputs that get a gradient. */
  get leaves(): readonly TapeLeaf[] {
    return this.sources.filter((source): source is TapeLeaf => source.gradient !== null);
  }

  /** The entry or source of this id: `%3` or `s0`; or null. */
  find(id: string): TapeEntry | TapeSource | null {
    return [...this.entries, ...this.sources].find((part) => part.id === id) ?? null;
  }

  [Symbol.iterator](): Iterator<TapeEntry> {
    return this.entries[Symbol.iterator]();
  }

  /** The entries that a gradient reached, in the order of the backward pass. */
  backwards(): readonly TapeEntry[] {
    return this.entries.filter((entry) => entry.incoming !== null).reverse();
  }

  /** All entries forwards, then those that a gradient reached backwards: to step through. */
  steps(): readonly TapeStep[] {
    return [
      ...this.entries.map((entry): TapeStep => ({ direction: "forward", entry })),
      ...this.backwards().map((entry): TapeStep => ({ direction: "backward", entry })),
    ];
  }

  /** One line per entry: number, op, inputs, output, local derivative, source line. */
  toString(): string {
    return tapeTable(this);
  }

  /** The graph in Graphviz' language; with `norms` each gradient's norm stands on its edge. */
  toDot(options?: DotOptions & { readonly norms?: false }): string;
  toDot(options: DotOptions & { readonly norms: true }): Promise<string>;
  toDot(options: DotOptions = {}): string | Promise<string> {
    return options.norms ? tapeDotWithNorms(this) : tapeDot(this);
  }

  /** The tape as plain data, for `JSON.stringify`; with `values` all elements too. */
  toJSON(options?: { readonly values?: false } | string): TapeJSON;
  toJSON(options: { readonly values: true }): Promise<TapeJSON>;
  toJSON(options?: { readonly values?: boolean } | string): TapeJSON | Promise<TapeJSON> {
    // JSON.stringify calls it with a key.
    const values = typeof options === "object" && options.values === true;
    return values ? tapeJSONWithValues(this) : tapeJSON(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/**
 * Runs a function and differentiates what it returns, keeping each step: the list that
 * reverse-mode differentiation walks backwards (Wengert 1964, doi:10.1145/355586.364791).
 * Nothing is computed before a value is asked for, no `grad` is changed, and the record is kept:
 * `backward()` of `tape.output` may follow. The tape keeps its tensors alive for as long as it is
 * held itself. Steps recorded before the function ran take part when a gradient reaches them.
 * @throws GradError when the output is not a scalar and no `gradient` is given, or depends on
 *   nothing that requires a gradient; CompileError inside a compiled function
 */
export function tape(fn: () => Tensor, options: TapeOptions = {}): Tape {
  return makeTape("tape", fn, options);
}

/** @param caller whom messages name */
export function makeTape(caller: string, fn: () => Tensor, options: TapeOptions): Tape {
  const recorded = recordTape(caller, fn, options.gradient);
  const { output, seed } = recorded;
  return new Tape({ ...buildTape(recorded, options), output, seed });
}
