import type { Node } from "../core/node.ts";
import { mapTree } from "../core/tree.ts";
import { zerosLike } from "../ops/creation/creation.ts";
import { exportWithNextPlan } from "../tensor/pending.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alias } from "./alias.ts";
import { matching, pushForward, resultOf, traceAt } from "./products.ts";
import { copyNode, rewrite } from "./rewrite.ts";
import type { Gradient } from "./transforms.ts";

/**
 * f at one point as value and linear map: f(x + v) ≈ value + jvp(v). For many products with one
 * Jacobian (Krylov methods, power iteration): what does not depend on v is computed once, with
 * the first product, and kept for as long as `jvp` is.
 * @returns `jvp(...tangents)`, one tangent for each argument
 * @throws GradError when a tangent's shape is not that of its argument
 */
export function linearize<A extends unknown[], R>(
  f: (...args: A) => R,
  ...args: A
): { value: R; jvp: (...tangents: { [K in keyof A]: Gradient<A[K]> }) => R } {
  const traced = traceAt("linearize", f, args);
  // The derivative is recorded along stand-ins, which each product replaces.
  const standIns = traced.inputs.map((input) => alias(zerosLike(input)));
  const along = pushForward(traced, standIns);
  const since = Math.min(...standIns.map((t) => t.node.serial));
  const nodes = along.map((t) => t.node);
  keep(nodes, new Set(standIns.map((t) => t.node)), since);
  const jvp = (...tangents: { [K in keyof A]: Gradient<A[K]> }): R => {
    const given = matching("linearize", "tangents", tangents, traced.inputs);
    const places = new Map(standIns.map((t, i) => [t.node, given[i]!.node]));
    const copies = withRecorder({ gradEnabled: true }, () =>
      rewrite(nodes, places, since, copyNode),
    );
    let at = 0;
    return mapTree(traced.value, () => {
      const node = nodes[at++]!;
      return new Tensor(copies.get(node) ?? node);
    }) as R;
  };
  return { value: resultOf(traced), jvp };
}

/** What the linear map needs of the point is computed with the next plan, and kept. */
function keep(outputs: readonly Node[], standIns: ReadonlySet<Node>, since: number): void {
  const places = new Map([...standIns].map((node) => [node, node]));
  const linear = rewrite(outputs, places, since, (node) => node);
  for (const node of linear.keys()) {
    if (standIns.has(node)) continue;
    for (const input of node.inputs) if (!linear.has(input)) keepBase(input);
  }
}

/** A repeated or moved value is kept as it was before that; numbers are kept as they are. */
function keepBase(node: Node): void {
  let base = node;
  while (base.storage === null && base.op.forward.kind === "view") base = base.inputs[0]!;
  if (base.inputs.length > 0) exportWithNextPlan(base);
}
