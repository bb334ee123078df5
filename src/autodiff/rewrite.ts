import type { Node } from "../core/node.ts";
import { record } from "../tensor/op.ts";
import { recorder, withRecorder } from "../tensor/recorder.ts";

/** What stands for a node in the new graph; undefined where the node itself does. */
export type Found<T> = (node: Node) => T | undefined;

/**
 * Rebuilds the part of a graph that depends on some nodes, inputs first, with something else in
 * their places: the same ops on other inputs (`copyGraph`), or all examples at once (`vmap`).
 * @param since nodes recorded before this serial number depend on nothing that is replaced
 * @param wanted whether a node is rebuilt although its inputs are not
 */
export function rewrite<T>(
  outputs: readonly Node[],
  replaced: ReadonlyMap<Node, T>,
  since: number,
  make: (node: Node, found: Found<T>) => T,
  wanted: (node: Node) => boolean = () => false,
): Map<Node, T> {
  const made = new Map<Node, T>(replaced);
  const seen = new Set<Node>(replaced.keys());
  const found: Found<T> = (node) => made.get(node);
  const finish = (node: Node): void => {
    if (wanted(node) || ancestors(node).some((n) => made.has(n))) made.set(node, make(node, found));
  };
  for (const output of outputs) walk(output, since, seen, finish);
  return made;
}

/** What a node is computed from, and what its gradient flows to. */
const ancestors = (node: Node): readonly Node[] =>
  node.rule === null ? node.inputs : [...node.inputs, ...node.rule.inputs];

/** Depth first without recursion: a graph may be thousands of nodes deep. */
function walk(root: Node, since: number, seen: Set<Node>, finish: (node: Node) => void): void {
  const stack: { node: Node; next: number }[] = [];
  const enter = (node: Node): void => {
    if (seen.has(node) || node.serial < since) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  enter(root);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const input = ancestors(top.node)[top.next++];
    if (input !== undefined) enter(input);
    else {
      stack.pop();
      finish(top.node);
    }
  }
}

/** Whether gradients flow through copies of a node, as they did (or did not) through it. */
export function asRecorded<T>(node: Node, run: () => T): T {
  const gradEnabled = recorder.gradEnabled && node.tracking !== "none";
  return withRecorder({ gradEnabled, pass: node.pass ?? recorder.pass }, run);
}

/** The same op on what stands for its inputs. */
export function copyNode(node: Node, found: Found<Node>): Node {
  const inputs = node.inputs.map((input) => found(input) ?? input);
  const { op, attrs, key, shape, dtype, device } = node;
  const copy = asRecorded(node, () => record(op, inputs, attrs, key, shape, dtype, device));
  copy.range = node.range;
  copy.hooks = node.hooks;
  if (node.rule !== null) {
    copy.rule = { ...node.rule, inputs: node.rule.inputs.map((input) => found(input) ?? input) };
    copy.tracking = node.tracking;
  }
  return copy;
}
