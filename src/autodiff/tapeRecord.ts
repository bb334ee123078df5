import { CompileError, GradError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { recorder, refuseTracing, withRecorder } from "../tensor/recorder.ts";
import { requireTracked, Tensor } from "../tensor/tensor.ts";
import { leavesUnder } from "./backward.ts";
import { gradientsOf, seedFor } from "./gradients.ts";
import { summedAxes } from "./tapeAxes.ts";
import { type Formulas, formulasOf } from "./tapeFormula.ts";

/** What the backward pass brought to a node and what it passed on to each input. */
export interface Passed {
  readonly incoming: Tensor;
  readonly outgoing: readonly (Tensor | null)[];
  readonly summedOver: readonly (readonly number[])[];
  readonly formulas: Formulas;
}

/** A computation and its backward pass, as nodes. */
export interface Recorded {
  readonly output: Tensor;
  /** d(something)/d(output), which the backward pass began with. */
  readonly seed: Tensor;
  /** The nodes in order of recording, each with its inputs. */
  readonly inputsOf: ReadonlyMap<Node, readonly Node[]>;
  readonly passed: ReadonlyMap<Node, Passed>;
  /** What gradients end at. */
  readonly leaves: ReadonlyMap<Node, Tensor>;
}

/** Runs a function and differentiates what it returns. @param caller for messages */
export function recordTape(caller: string, fn: () => Tensor, gradient?: Tensor): Recorded {
  if (recorder.capture !== null) throw insideCompile(caller);
  refuseTracing(`${caller} is called`);
  const inputsOf = new Map<Node, readonly Node[]>();
  const output = listen(fn, inputsOf);
  if (!(output instanceof Tensor)) throw notATensor(caller, output);
  requireTracked(caller, output);
  const seed = seedFor(caller, output, gradient ?? null);
  const leaves = leavesUnder(output.node).leaves;
  const passed = new Map<Node, Passed>();
  const gradients = gradientsOf([{ node: output.node, cotangent: seed }], new Set(leaves), {
    createGraph: false,
    observe: ({ node, g, gradients: outgoing }) => {
      const inputs = shownInputs(node, inputsOf.get(node));
      inputsOf.set(node, inputs);
      passed.set(node, {
        incoming: g,
        outgoing: inputs.map((_, i) => outgoing[i] ?? null),
        summedOver: inputs.map((input, i) => (outgoing[i] ? summedAxes(node, input) : [])),
        formulas: formulasOf(node, inputs.length),
      });
    },
  });
  const reached = leaves.flatMap((leaf): [Node, Tensor][] => {
    const found = gradients.get(leaf);
    return found === undefined ? [] : [[leaf, found]];
  });
  const order = [...inputsOf].sort(([a], [b]) => a.serial - b.serial);
  return { output, seed, passed, inputsOf: new Map(order), leaves: new Map(reached) };
}

/** Runs the function, and notes each node with its inputs: once computed it may forget them. */
function listen(fn: () => Tensor, inputsOf: Map<Node, readonly Node[]>): unknown {
  const outer = recorder.onRecord;
  const onRecord = (node: Node): void => {
    // What a transform traces has no value; what it makes of it is recorded afterwards.
    if (recorder.tracing === null) inputsOf.set(node, node.inputs);
    outer?.(node);
  };
  return withRecorder({ lines: true, onRecord }, fn);
}

/** What gradients flow to first; a rule of its own may leave out what the value is made from. */
function shownInputs(node: Node, before: readonly Node[] = node.inputs): readonly Node[] {
  if (node.rule === null) return before.length > 0 ? before : node.inputs;
  const { inputs } = node.rule;
  return [...inputs, ...before.filter((other) => !inputs.includes(other))];
}

function notATensor(caller: string, got: unknown): GradError {
  const what = got instanceof Promise ? "a promise" : typeof got;
  return new GradError(
    `${caller}: the function returned no tensor; got ${what}. Return the loss, without await.`,
  );
}

function insideCompile(caller: string): CompileError {
  return new CompileError(
    `${caller}: inside a compiled function, which only records; got a call of ${caller} there. ` +
      `Call ${caller} outside, on the function before it is compiled.`,
  );
}
