import type { Node } from "../core/node.ts";
import type { Tensor } from "../tensor/tensor.ts";

const NO_INPUTS: readonly Node[] = [];

/**
 * Ends the tracking that a transform such as `grad` began at its inputs: results stay
 * differentiable only in what was tracked outside (an enclosing `grad`, parameters). Without it
 * `x = x - lr·grad(f)(x)` would keep every step's record alive.
 */
export function forgetInputs(inputs: readonly Tensor[], results: readonly Tensor[]): void {
  if (inputs.length === 0) return;
  const first = Math.min(...inputs.map((t) => t.node.serial));
  const since = trackedSince(first, [...inputs, ...results]);
  // Inputs before what is built from them.
  for (const node of since.sort((a, b) => a.serial - b.serial)) {
    const has = (tracking: Node["tracking"]) => node.parents.some((i) => i.tracking === tracking);
    if (has("tracked")) continue;
    node.tracking = has("released") ? "released" : "none";
    node.rule = null;
    if (node.storage !== null) node.inputs = NO_INPUTS;
  }
}

function trackedSince(serial: number, from: readonly Tensor[]): Node[] {
  const seen = new Set<Node>();
  const stack = from.map((t) => t.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const ours = node.serial >= serial && node.tracking === "tracked" && node.owner === null;
    if (!ours || seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.parents);
  }
  return [...seen];
}
