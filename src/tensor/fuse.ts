import type { Kernel, Spec, Target } from "../core/ir.ts";
import { sizeOf } from "../core/shape.ts";
import type { Graph } from "./graph.ts";
import { applyStep, contiguous, isLinear, type Layout } from "./view.ts";

/**
 * Decides which values get memory. Everything else is computed inside the kernels that use it:
 * element-wise chains, views, casts. The rules look at what a node is, never at its name.
 */

/** An expression heavier than this is not computed in two kernels, but once and stored. */
const RECOMPUTE_WEIGHT = 24;
/** Nor is one this heavy repeated along an axis it does not have. */
const REPEAT_WEIGHT = 16;

/** Element-wise ops and views on top of each other in one expression. */
const DEEPEST = 128;

/**
 * Reshapes that strides cannot express, on top of each other. Each takes its address apart into
 * some indices, and what a driver's analysis of the last address costs is their product.
 */
const MOST_NESTED = 4;

/** Marks every value that has to lie in memory, and adds copies where one value needs two places. */
export function decideStorage(graph: Graph, target: Target): void {
  const count = graph.nodes.length;
  for (let node = 0; node < count; node++) {
    const kind = graph.kind(node);
    if (kind === "reduction" || kind === "kernel" || kind === "pack") graph.stored[node] = true;
    else if (!target.fuse && graph.isExpression(node)) graph.stored[node] = true;
  }
  // A stored leaf is copied from where it is, or written as a number.
  for (const { node } of graph.program.stores) {
    if (graph.kind(node) !== "source") graph.stored[node] = true;
  }
  for (let node = 0; node < count; node++) storeOperands(graph, node, target);
  storeDeep(graph, count);
  storeNested(graph, count);
  storeShared(graph, count);
  for (let node = 0; node < graph.nodes.length; node++) fitBindings(graph, node, target);
}

function storeOperands(graph: Graph, node: number, target: Target): void {
  const { op, attrs, inputs } = graph.nodes[node];
  const { forward } = op;
  if (forward.kind === "kernel") {
    inputs.forEach((input, i) => {
      const { base, layout } = operandBase(graph, input);
      graph.stored[fitsKernel(forward, attrs, i, layout) ? base : input] = true;
    });
  } else if (forward.kind === "pack") placeInputs(graph, node, target);
}

/** The node under an operand's views, and where its elements lie in it. */
export function operandBase(graph: Graph, input: number): { base: number; layout: Layout } {
  const steps = [];
  let base = input;
  while (graph.kind(base) === "view" && !graph.stored[base]) {
    steps.push(graph.stepOf(base));
    base = graph.nodes[base].inputs[0];
  }
  const start = contiguous(graph.nodes[base].shape);
  return { base, layout: steps.reverse().reduce(applyStep, start) };
}

export function fitsKernel(forward: Kernel, attrs: Spec | object, input: number, layout: Layout) {
  if (layout.under !== null || layout.mask !== null) return false;
  return isLinear(layout) || forward.strided(attrs as Record<string, unknown>, input);
}

/** Inputs of a pack are written where the pack has them; one that cannot be is copied there. */
function placeInputs(graph: Graph, node: number, target: Target): void {
  const inputs = graph.nodes[node].inputs.map((input, at) => {
    const { base, layout } = operandBase(graph, input);
    const computed = graph.kind(base) !== "source" && graph.kind(base) !== "pack";
    const taken = graph.placed.has(base) || graph.program.stores.some((s) => s.node === base);
    const sameSize = sizeOf(graph.nodes[base].shape) === sizeOf(graph.nodes[input].shape);
    const fits = target.fuse && computed && !taken && sameSize && isLinear(layout);
    const place = fits && !isReadBeside(graph, node, at, base) ? base : graph.copyOf(input);
    graph.stored[place] = true;
    graph.placed.set(place, node);
    return place;
  });
  graph.nodes[node] = { ...graph.nodes[node], inputs };
}

/** Another input of the pack reads it: no launch may read the buffer that it writes. */
function isReadBeside(graph: Graph, pack: number, at: number, base: number): boolean {
  const reads = (node: number): boolean => {
    const { reads, inlined } = graph.cone(node);
    return inlined.has(base) || reads.some((r) => r.node === base);
  };
  return graph.nodes[pack].inputs.some((other, i) => {
    if (i === at) return false;
    const from = operandBase(graph, other).base;
    return (
      from === base || reads(from) || graph.nodes[from].inputs.some((n) => n === base || reads(n))
    );
  });
}

/** Cuts long chains, so that neither a kernel's text nor a walk through it grows without end. */
function storeDeep(graph: Graph, count: number): void {
  const depths = new Array<number>(count).fill(0);
  for (let node = 0; node < count; node++) {
    if (graph.stored[node] || !graph.isExpression(node)) continue;
    const below = graph.nodes[node].inputs.map((input) => depths[input]);
    depths[node] = 1 + Math.max(0, ...below);
    if (depths[node] < DEEPEST || graph.kind(node) !== "pointwise") continue;
    graph.stored[node] = true;
    depths[node] = 0;
  }
}

/** Stores what a view of it would have to unravel once too often. */
function storeNested(graph: Graph, count: number): void {
  const nested = new Array<number>(count).fill(0);
  for (let node = 0; node < count; node++) {
    if (graph.stored[node] || !graph.isExpression(node)) continue;
    const { inputs } = graph.nodes[node];
    if (graph.kind(node) === "pointwise") {
      nested[node] = Math.max(0, ...inputs.map((input) => nested[input]));
      continue;
    }
    const unravelled = () => {
      const { base, layout } = operandBase(graph, node);
      return (graph.stored[base] ? 0 : nested[base]) + stackedOn(layout);
    };
    if (unravelled() > MOST_NESTED) graph.stored[inputs[0]] = true;
    nested[node] = unravelled();
  }
}

/** Layouts under this one. */
const stackedOn = ({ under }: Layout): number => (under === null ? 0 : 1 + stackedOn(under));

/** Stores expressions that several kernels need and that cost more than reading them back. */
function storeShared(graph: Graph, count: number): void {
  const sinks = graph.nodes.map(() => new Set<number>());
  const weights = graph.nodes.map(() => 0);
  for (let node = 0; node < count; node++) weights[node] = weightOf(graph, node, weights);
  for (let node = count - 1; node >= 0; node--) {
    for (const user of graph.users[node]) {
      if (graph.stored[user] || graph.kind(user) === "pack") sinks[node].add(user);
      else for (const sink of sinks[user]) sinks[node].add(sink);
    }
    if (graph.kind(node) !== "pointwise" || graph.stored[node]) continue;
    const repeated = weights[node] > REPEAT_WEIGHT && isRepeated(graph, node);
    if (repeated || (sinks[node].size > 1 && weights[node] > RECOMPUTE_WEIGHT)) {
      graph.stored[node] = true;
    }
  }
}

/** What computing the node again costs: its own weight and that of what is inlined below it. */
function weightOf(graph: Graph, node: number, weights: readonly number[]): number {
  const { op, inputs } = graph.nodes[node];
  if (!graph.isExpression(node)) return 0;
  let weight = op.forward.kind === "pointwise" ? op.forward.weight : 0;
  for (const input of inputs) weight += graph.stored[input] ? 1 : weights[input];
  return Math.min(weight, 1e6);
}

/** Some user reads it along an axis it does not have. */
function isRepeated(graph: Graph, node: number): boolean {
  const size = sizeOf(graph.nodes[node].shape);
  return graph.users[node].some((user) => {
    if (!graph.isExpression(user)) return false;
    if (sizeOf(graph.nodes[user].shape) >= 2 * size) return true;
    const passes = graph.kind(user) === "view" && !graph.stored[user];
    return passes && isRepeated(graph, user);
  });
}

/** Stores parts of an expression that reads more arrays than one kernel can bind. */
function fitBindings(graph: Graph, node: number, target: Target): void {
  const limit = target.maxBindings - 2;
  const kind = graph.kind(node);
  if (!graph.isExpression(node) && kind !== "reduction") return;
  const reads = (n: number) => graph.bindings(graph.cone(n).reads);
  const own = () => new Set(graph.nodes[node].inputs.flatMap((i) => [...readsOf(graph, i, reads)]));
  while (own().size > limit) {
    const widest = graph.nodes[node].inputs
      .filter((i) => graph.isExpression(i) && !graph.stored[i])
      .sort((a, b) => reads(b).size - reads(a).size)[0];
    if (widest === undefined || reads(widest).size < 2) return;
    graph.stored[widest] = true;
  }
}

function readsOf(graph: Graph, input: number, reads: (n: number) => Set<string>): Set<string> {
  if (graph.inMemory(input)) return new Set([graph.bindingOf(input)]);
  return reads(input);
}
