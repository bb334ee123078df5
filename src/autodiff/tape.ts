import { CompileError, GradError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { recorder, withRecorder } from "../tensor/recorder.ts";
import { requireTracked, Tensor } from "../tensor/tensor.ts";
import { leavesUnder } from "./backward.ts";
import { gradientsOf, seedFor } from "./gradients.ts";
import { type Passed, TapeEntry, type TapeInput } from "./tapeEntry.ts";
import { tapeTable } from "./tapeTable.ts";

export { TapeEntry, type TapeInput } from "./tapeEntry.ts";

export interface TapeOptions {
  /** d(something)/d(output): needed where the output is not a scalar. */
  readonly gradient?: Tensor;
  /** What to call tensors in the table. */
  readonly names?: Readonly<Record<string, Tensor>>;
}

/** A parameter or input that the output depends on, and its gradient. */
export interface TapeLeaf {
  readonly name: string;
  readonly tensor: Tensor;
  readonly gradient: Tensor;
}

/** A recorded computation and its backward pass, as a list of entries in order of recording. */
export class Tape implements Iterable<TapeEntry> {
  readonly entries: readonly TapeEntry[];
  /** What the function returned. */
  readonly output: Tensor;
  readonly leaves: readonly TapeLeaf[];

  constructor(entries: readonly TapeEntry[], output: Tensor, leaves: readonly TapeLeaf[]) {
    this.entries = entries;
    this.output = output;
    this.leaves = leaves;
  }

  get length(): number {
    return this.entries.length;
  }

  [Symbol.iterator](): Iterator<TapeEntry> {
    return this.entries[Symbol.iterator]();
  }

  /** The entries that a gradient reached, in the order of the backward pass. */
  backwards(): readonly TapeEntry[] {
    return this.entries.filter((entry) => entry.incoming !== null).reverse();
  }

  /** One line per entry: number, op, inputs, output, local derivative, source line. */
  toString(): string {
    return tapeTable(this);
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
  if (recorder.capture !== null) throw insideCompile();
  const inputsOf = new Map<Node, readonly Node[]>();
  const outer = recorder.onRecord;
  // Inputs are noted at once: a node that is computed may forget them.
  const onRecord = (node: Node): void => {
    inputsOf.set(node, node.inputs);
    outer?.(node);
  };
  const output = withRecorder({ lines: true, onRecord }, fn);
  if (!(output instanceof Tensor)) throw notATensor(output);
  requireTracked("tape", output);
  const seed = seedFor("tape", output, options.gradient ?? null);
  const { leaves } = leavesUnder(output.node);
  const passed = new Map<Node, Passed>();
  const gradients = gradientsOf([{ node: output.node, cotangent: seed }], new Set(leaves), {
    createGraph: false,
    observe: ({ node, g, gradients }) => {
      if (!inputsOf.has(node)) inputsOf.set(node, node.inputs);
      passed.set(node, { incoming: g, outgoing: gradients });
    },
  });
  const names = new Map(Object.entries(options.names ?? {}).map(([name, t]) => [t.node, name]));
  return new Tape(
    entriesOf(inputsOf, passed, names),
    output,
    leaves.flatMap((leaf) => leafOf(leaf, gradients, names)),
  );
}

function entriesOf(
  inputsOf: ReadonlyMap<Node, readonly Node[]>,
  passed: ReadonlyMap<Node, Passed>,
  names: ReadonlyMap<Node, string>,
): TapeEntry[] {
  const nodes = [...inputsOf.keys()].sort((a, b) => a.serial - b.serial);
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const describe = (node: Node): TapeInput => {
    const entry = numbers.get(node) ?? null;
    const name = names.get(node) ?? (entry === null ? nameOf(node) : `%${entry}`);
    return { name, entry, tensor: new Tensor(node) };
  };
  return nodes.map((node, number) => {
    const inputs = inputsOf.get(node)!.map(describe);
    return new TapeEntry(number, node, names.get(node) ?? null, inputs, passed.get(node) ?? null);
  });
}

/** What stands for an input that is no entry of the tape. */
function nameOf(node: Node): string {
  const { kind } = node.op.forward;
  if (node.owner !== null) return node.owner.label;
  if (kind === "constant" || kind === "scalar") return String(node.value);
  if (kind === "source") return `data [${node.shape.join(", ")}]`;
  return kind === "iota" ? "0, 1, 2, …" : `earlier ${node.op.name} [${node.shape.join(", ")}]`;
}

function leafOf(
  leaf: Node,
  gradients: ReadonlyMap<Node, Tensor>,
  names: ReadonlyMap<Node, string>,
): TapeLeaf[] {
  const gradient = gradients.get(leaf);
  if (gradient === undefined) return [];
  return [{ name: names.get(leaf) ?? nameOf(leaf), tensor: new Tensor(leaf), gradient }];
}

function notATensor(got: unknown): GradError {
  const what = got instanceof Promise ? "a promise" : typeof got;
  return new GradError(
    `tape: the function returned no tensor; got ${what}. Return the loss, without await.`,
  );
}

function insideCompile(): CompileError {
  return new CompileError(
    "tape: inside a compiled function, which only records; got a call of tape there. " +
      "Call tape outside, on the function before it is compiled.",
  );
}
