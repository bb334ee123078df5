import { DTypeError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { exportWithNextPlan } from "../tensor/pending.ts";
import { refuseTracing, withRecorder } from "../tensor/recorder.ts";
import { released, requireTracked, Tensor } from "../tensor/tensor.ts";
import { gradientsOf, type Observer, seedFor } from "./gradients.ts";

export interface BackwardOptions {
  /** d(something)/d(this): needed where the tensor is not a scalar. */
  readonly gradient?: Tensor;
  /** Keep the record for another backward; without it the memory can be given back. */
  readonly retainGraph?: boolean;
  /** Record the gradients too, so that they can be differentiated again (keeps the record). */
  readonly createGraph?: boolean;
  readonly observe?: Observer;
}

/**
 * Adds d(loss)/d(leaf) to the `grad` of every variable and every tensor with `requiresGrad` that
 * the loss depends on. The loss itself is computed with the next plan, so that reading it is free.
 * @throws GradError when the loss is not a scalar, depends on nothing that requires a gradient,
 *   or its record was released.
 */
export function backward(loss: Tensor, options: BackwardOptions = {}): void {
  if (!(loss instanceof Tensor)) {
    throw new DTypeError("backward: the loss is not a tensor. Build it from tensors with ops.");
  }
  refuseTracing("backward() is called");
  requireTracked("backward", loss);
  const createGraph = options.createGraph ?? false;
  const { leaves, visited } = leavesUnder(loss.node);
  const seed = seedFor("backward", loss, options.gradient ?? null);
  const gradients = gradientsOf([{ node: loss.node, cotangent: seed }], new Set(leaves), {
    createGraph,
    observe: options.observe,
  });
  for (const leaf of leaves) {
    const owner = leaf.owner as unknown as Tensor;
    const g = gradients.get(leaf);
    if (g === undefined) continue;
    const before = owner.grad;
    owner.grad =
      before === null ? g : withRecorder({ gradEnabled: createGraph }, () => add(before, g));
  }
  exportWithNextPlan(loss.node);
  if (options.retainGraph || createGraph) return;
  for (const node of visited) {
    if (node.owner !== null) continue;
    node.tracking = "released";
    node.rule = null;
  }
}

/** Leaves that want a gradient, and all tracked nodes between them and the output. */
export function leavesUnder(output: Node): { leaves: Node[]; visited: Node[] } {
  const seen = new Set<Node>([output]);
  const leaves: Node[] = [];
  const stack = [output];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.owner !== null) {
      leaves.push(node);
      continue;
    }
    for (const input of node.parents) {
      if (input.tracking === "released") {
        throw released(`backward: the loss is built from a ${input.op.name} whose record`);
      }
      if (input.tracking !== "tracked" || seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
  return { leaves, visited: [...seen] };
}
