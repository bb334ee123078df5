import type { DType, TypedArray } from "../core/dtype.ts";
import type { Attrs } from "../core/ir.ts";
import type { Node } from "../core/node.ts";
import type { Shape } from "../core/shape.ts";
import type { RegisteredOp } from "../tensor/op.ts";
import { Tensor } from "../tensor/tensor.ts";

/** One input of an entry. */
export interface TapeInput {
  /** `%3` for entry 3, else the name of a variable, argument, constant or data. */
  readonly name: string;
  /** The entry that made it, or null. */
  readonly entry: number | null;
  readonly tensor: Tensor;
}

/** What the backward pass brought to an op and what it passed on to each input. */
export interface Passed {
  readonly incoming: Tensor;
  readonly outgoing: readonly (Tensor | null)[];
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
  readonly shape: Shape;
  readonly dtype: DType;
  /** What each input is given of the incoming gradient g, as a formula. */
  readonly derivative: readonly string[];
  /** d(tape's output)/d(this output), lazy; null where no gradient comes. */
  readonly incoming: Tensor | null;
  /** What it passes on to each input, lazy; null where an input gets none. */
  readonly outgoing: readonly (Tensor | null)[];
  /** `file:line:column` of the user's call; null for what was recorded before the tape. */
  readonly line: string | null;

  constructor(
    number: number,
    node: Node,
    name: string | null,
    inputs: readonly TapeInput[],
    passed: Passed | null,
  ) {
    this.number = number;
    this.op = node.op.name;
    this.attrs = node.attrs;
    this.name = name;
    this.inputs = inputs;
    this.output = new Tensor(node);
    this.shape = node.shape;
    this.dtype = node.dtype;
    this.derivative = (node.op as RegisteredOp).derivative;
    this.incoming = passed?.incoming ?? null;
    this.outgoing = passed?.outgoing ?? inputs.map(() => null);
    this.line = node.line;
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
