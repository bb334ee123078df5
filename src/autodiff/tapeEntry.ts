import type { DType, TypedArray } from "../core/dtype.ts";
import type { Attrs } from "../core/ir.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { SourceName } from "./tapeNames.ts";

/** What one use of a value adds to its gradient. */
export interface Contribution {
  /** The entry that used it, and as which of its inputs. */
  readonly entry: number;
  readonly input: number;
  readonly gradient: Tensor;
}

/** One input of an entry, and what the entry passes back to it. */
export class TapeInput {
  /** `%3` for entry 3, else the name of a variable, argument, number or data. */
  readonly name: string;
  /** The entry that made it, or null. */
  readonly entry: number | null;
  /** The id of the source that it is (`s0`), where no entry made it. */
  readonly source: string | null;
  readonly tensor: Tensor;
  /** What it is given of the entry's incoming gradient g, as a formula. */
  readonly formula: string;
  /** What the formula calls it: `x`, `a`, `B`; null where it has no letter. */
  readonly letter: string | null;
  /** What the entry passes back to it, lazy; null where it gets nothing. */
  readonly outgoing: Tensor | null;
  /** The axes of the gradient that are summed because this input was repeated along them. */
  readonly summedOver: readonly number[];

  constructor(fields: TapeInputFields) {
    this.name = fields.name;
    this.entry = fields.entry;
    this.source = fields.source;
    this.tensor = fields.tensor;
    this.formula = fields.formula;
    this.letter = fields.letter;
    this.outgoing = fields.outgoing;
    this.summedOver = fields.summedOver;
  }

  get shape(): Shape {
    return this.tensor.shape;
  }

  get dtype(): DType {
    return this.tensor.dtype;
  }

  /** Its elements. */
  value(): Promise<TypedArray> {
    return this.tensor.data();
  }

  /** The elements of what is passed back to it; null where it gets nothing. */
  async gradient(): Promise<TypedArray | null> {
    return this.outgoing === null ? null : this.outgoing.data();
  }
}

export type TapeInputFields = Omit<TapeInput, "shape" | "dtype" | "value" | "gradient">;

/** What an entry is made of; see the fields of `TapeEntry`. */
export interface TapeEntryFields {
  readonly number: number;
  readonly op: string;
  readonly attrs: Attrs;
  readonly name: string | null;
  readonly inputs: readonly TapeInput[];
  readonly output: Tensor;
  readonly letters: Readonly<Record<string, string>>;
  readonly incoming: Tensor | null;
  readonly children: readonly number[];
  readonly contributions: readonly Contribution[];
  readonly nondifferentiable: string | null;
  readonly hooked: boolean;
  readonly line: string | null;
}

/** One recorded op: its place in the computation and in the backward pass. */
export class TapeEntry {
  /** Place on the tape, from 0. */
  readonly number: number;
  /** The op's name. */
  readonly op: string;
  /** Axes, sizes and flags of the op. */
  readonly attrs: Attrs;
  /** What the user called it, or null. */
  readonly name: string | null;
  readonly inputs: readonly TapeInput[];
  readonly output: Tensor;
  /** What the letters of the formulas stand for: `{ x: "%2" }`; `g` is the incoming gradient. */
  readonly letters: Readonly<Record<string, string>>;
  /** d(tape's output)/d(this output), lazy; null where no gradient comes. */
  readonly incoming: Tensor | null;
  /** The entries that made its inputs. */
  readonly parents: readonly number[];
  /** The entries that use its output. */
  readonly children: readonly number[];
  /** What each use of its output adds to `incoming`. */
  readonly contributions: readonly Contribution[];
  /** Why its op has no derivative, or null. */
  readonly nondifferentiable: string | null;
  /** Whether a hook saw the incoming gradient, and may have changed the sum. */
  readonly hooked: boolean;
  /** `file:line:column` of the user's call; null for what was recorded before the tape. */
  readonly line: string | null;

  constructor(fields: TapeEntryFields) {
    this.number = fields.number;
    this.op = fields.op;
    this.attrs = fields.attrs;
    this.name = fields.name;
    this.inputs = fields.inputs;
    this.output = fields.output;
    this.letters = fields.letters;
    this.incoming = fields.incoming;
    const parents = fields.inputs.flatMap(({ entry }) => (entry === null ? [] : [entry]));
    this.parents = [...new Set(parents)].sort((a, b) => a - b);
    this.children = fields.children;
    this.contributions = fields.contributions;
    this.nondifferentiable = fields.nondifferentiable;
    this.hooked = fields.hooked;
    this.line = fields.line;
  }

  /** `%3`. */
  get id(): string {
    return `%${this.number}`;
  }

  get shape(): Shape {
    return this.output.shape;
  }

  get dtype(): DType {
    return this.output.dtype;
  }

  /** What each input is given of the incoming gradient g, as a formula. */
  get derivative(): readonly string[] {
    return this.inputs.map((input) => input.formula);
  }

  /** What it passes on to each input, lazy; null where an input gets none. */
  get outgoing(): readonly (Tensor | null)[] {
    return this.inputs.map((input) => input.outgoing);
  }

  /** The elements of the output, computed now if nobody has asked before. */
  value(): Promise<TypedArray> {
    return this.output.data();
  }

  /** The elements of the incoming gradient; null where no gradient comes. */
  async gradient(): Promise<TypedArray | null> {
    return this.incoming === null ? null : this.incoming.data();
  }
}

/** A value that entries use and no entry made: a variable, argument, number or data. */
export interface TapeSource extends SourceName {
  /** `s0`, `s1`, … in order of first use. */
  readonly id: string;
  readonly tensor: Tensor;
  /** d(tape's output)/d(it), lazy; null where it gets none. */
  readonly gradient: Tensor | null;
  /** The entries that use it, and what each use adds to its gradient. */
  readonly children: readonly number[];
  readonly contributions: readonly Contribution[];
  /** Whether a hook saw the gradient, and may have changed the sum. */
  readonly hooked: boolean;
}

/** A parameter or input that the output depends on, and its gradient. */
export interface TapeLeaf extends TapeSource {
  readonly gradient: Tensor;
}
