import { GradError } from "../core/errors.ts";
import { type Node, nextSerial } from "../core/node.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import type { RegisteredOp } from "../tensor/op.ts";
import { recorder, withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alias, tracked } from "./alias.ts";
import { gradientsOf, pullback } from "./gradients.ts";
import { copyNode, rewrite } from "./rewrite.ts";
import type { Rule } from "./rule.ts";

/**
 * A function whose intermediate values are not kept for its gradient but computed again when that
 * is due (Chen et al. 2016, arXiv:1604.06174): memory for time. Same values, same gradients.
 *
 * What the function reads besides its arguments (parameters, tensors closed over) gets gradients
 * as ever; random draws are repeated, not drawn anew. It runs once: the recorded ops are copied.
 * @throws GradError when the function is async
 */
export function checkpoint<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    if (!recorder.gradEnabled) return f(...args);
    const since = nextSerial();
    const result = f(...args);
    if (result instanceof Promise) {
      throw new GradError("checkpoint: the function is async. Leave out `async` and `await`.");
    }
    const outputs = trackedIn(result).filter((t) => t.node.serial >= since);
    if (outputs.length === 0) return result;
    const segment = new Segment(
      outputs.map((t) => t.node),
      since,
    );
    return mapTree(result, (leaf) => {
      const at = outputs.indexOf(leaf as Tensor);
      return at < 0 ? leaf : segment.output(at);
    }) as R;
  };
}

const trackedIn = (tree: unknown): Tensor[] =>
  leavesOf(tree).flatMap(({ leaf }) =>
    leaf instanceof Tensor && leaf.node.tracking === "tracked" ? [leaf] : [],
  );

/** The recorded ops of one call, to be recorded again. */
class Segment {
  readonly #outputs: readonly Node[];
  readonly #since: number;
  /** What gradients flow to: tracked values from outside. */
  readonly #inputs: readonly Node[];
  /** The recomputation under way, and which outputs have used it: each uses it once. */
  #again: { outputs: Node[]; inputs: Tensor[]; used: Set<number> } | null = null;

  constructor(outputs: readonly Node[], since: number) {
    this.#outputs = outputs;
    this.#since = since;
    this.#inputs = reachedBefore(outputs, since);
  }

  /** An output as the caller sees it: its value, with the segment as its derivative. */
  output(at: number): Tensor {
    const out = withRecorder({ gradEnabled: false }, () => alias(new Tensor(this.#outputs[at]!)));
    const rule: Rule = {
      inputs: this.#inputs,
      vjp: (g, inputs, known) => this.#gradients(at, g, inputs, known),
    };
    out.node.rule = rule;
    out.node.tracking = "tracked";
    return out;
  }

  #gradients(at: number, g: Tensor, given: readonly Tensor[], known: Tensor): (Tensor | null)[] {
    const again = this.#recomputation(at, given);
    takeAsKnown(again.outputs[at]!, known);
    const wanted = new Set(again.inputs.map((t) => t.node));
    const outputs = [{ node: again.outputs[at]!, cotangent: g }];
    const found = gradientsOf(outputs, wanted, { createGraph: recorder.gradEnabled });
    return again.inputs.map((input) => found.get(input.node) ?? null);
  }

  #recomputation(at: number, given: readonly Tensor[]) {
    const current = this.#again;
    if (current !== null && !current.used.has(at)) {
      current.used.add(at);
      return current;
    }
    const fresh = withRecorder({ gradEnabled: true, pass: {} }, () => this.#record(given));
    this.#again = this.#outputs.length === 1 ? null : { ...fresh, used: new Set([at]) };
    return fresh;
  }

  #record(given: readonly Tensor[]): { outputs: Node[]; inputs: Tensor[] } {
    const inputs = given.map(tracked);
    const places = new Map(this.#inputs.map((node, i) => [node, inputs[i]!.node]));
    const isOp = (node: Node) => node.inputs.length > 0;
    const copies = rewrite(this.#outputs, places, this.#since, copyNode, isOp);
    return { inputs, outputs: this.#outputs.map((node) => copies.get(node) ?? node) };
  }
}

/**
 * The output itself is there: the next segment begins with it. So only what led to it is computed
 * again, and the last op's derivative uses the value that is known.
 */
function takeAsKnown(copy: Node, known: Tensor): void {
  const { vjp } = copy.op as RegisteredOp;
  if (copy.rule !== null || !vjp) return;
  const rule: Rule = {
    inputs: copy.inputs,
    vjp: (g, inputs) => vjp({ g, inputs, out: known, attrs: copy.attrs, pullback }),
  };
  copy.rule = rule;
}

/** Tracked values from before a serial number that the outputs were computed from. */
function reachedBefore(outputs: readonly Node[], since: number): Node[] {
  const seen = new Set<Node>();
  const found: Node[] = [];
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.tracking !== "tracked" || seen.has(node)) continue;
    seen.add(node);
    const isLeaf = node.owner !== null || node.parents.length === 0;
    if (isLeaf || node.serial < since) found.push(node);
    else stack.push(...node.parents);
  }
  return found;
}
