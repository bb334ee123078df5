import { isFloat } from "../core/dtype.ts";
import { GradError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { sameShape, show } from "../core/shape.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { expand, reshape } from "../ops/movement/movement.ts";
import { sum } from "../ops/reduce/reduce.ts";
import { constantNode, type Pullback, type RegisteredOp } from "../tensor/op.ts";
import { recorder, withRecorder } from "../tensor/recorder.ts";
import { released, Tensor } from "../tensor/tensor.ts";
import { tracked } from "./alias.ts";
import type { Rule } from "./rule.ts";

/** Watches the backward pass: `tape` shows what came in and what went out of each step. */
export type Observer = (step: {
  readonly node: Node;
  readonly g: Tensor;
  readonly gradients: readonly (Tensor | null)[];
}) => void;

export interface GradientOptions {
  /** Record the gradients themselves, so that they can be differentiated again. */
  readonly createGraph: boolean;
  readonly observe?: Observer;
}

/**
 * Reverse mode (Linnainmaa 1970): visits what the outputs reach in descending order of recording,
 * so that every use of a value has added its gradient before the value is differentiated.
 * @returns d(sum of outputs times cotangents) / d(target) for each wanted node; null where an
 *   output does not depend on it.
 */
export function gradientsOf(
  outputs: readonly { readonly node: Node; readonly cotangent: Tensor }[],
  wanted: ReadonlySet<Node>,
  options: GradientOptions,
): Map<Node, Tensor> {
  const reached = onPaths(
    outputs.map((o) => o.node),
    wanted,
  );
  const gradients = new Map<Node, Tensor>();
  const run = () => {
    for (const { node, cotangent } of outputs) accumulate(gradients, node, cotangent);
    for (const node of reached) {
      const g = hooked(node, gradients);
      if (g === undefined || node.parents.length === 0 || node.owner !== null) continue;
      // A wanted node inside the graph keeps its gradient and still passes it on.
      if (!wanted.has(node)) gradients.delete(node);
      differentiate(node, g, gradients, reachedSet, options);
    }
  };
  const reachedSet = new Set(reached);
  withRecorder({ gradEnabled: options.createGraph, numbersAreConstants: true }, run);
  return gradients;
}

/** Nodes between the wanted ones and the outputs, by descending serial number. */
function onPaths(outputs: readonly Node[], wanted: ReadonlySet<Node>): Node[] {
  const seen = new Map<Node, boolean>();
  const order: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  const enter = (node: Node): void => {
    if (seen.has(node)) return;
    seen.set(node, wanted.has(node));
    // What was recorded without gradients (noGrad, stopGradient, integers) leads nowhere.
    if (node.tracking !== "none") stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const leaf = top.node.owner !== null;
      const input = leaf ? undefined : top.node.parents[top.next++];
      if (input !== undefined) {
        enter(input);
        continue;
      }
      stack.pop();
      const leads = !leaf && top.node.parents.some((i) => seen.get(i) === true);
      if (leads) seen.set(top.node, true);
      if (seen.get(top.node) === true) order.push(top.node);
    }
  }
  return order.sort((a, b) => b.serial - a.serial);
}

/** The complete gradient of a node, after its hooks have seen it. */
function hooked(node: Node, gradients: Map<Node, Tensor>): Tensor | undefined {
  let g = gradients.get(node);
  const hooks = node.hooks ?? node.owner?.hooks;
  if (g === undefined || hooks === undefined) return g;
  for (const hook of hooks) g = afterHook(hook as (g: Tensor) => unknown, g);
  gradients.set(node, g);
  return g;
}

function afterHook(hook: (g: Tensor) => unknown, g: Tensor): Tensor {
  const other = hook(g);
  if (other === undefined) return g;
  if (other instanceof Tensor && sameShape(other.shape, g.shape)) return other;
  const got = other instanceof Tensor ? show(other.shape) : typeof other;
  throw new GradError(
    `registerHook: a hook gave ${got} for a gradient of shape ${show(g.shape)}. ` +
      "Return a tensor of the gradient's shape, or nothing to leave it as it is.",
  );
}

function differentiate(
  node: Node,
  g: Tensor,
  gradients: Map<Node, Tensor>,
  reached: ReadonlySet<Node>,
  options: GradientOptions,
): void {
  const op = node.op as RegisteredOp;
  if (node.tracking === "released") throw released(`${op.name}: its record`);
  const { parents } = node;
  const needed = parents.map((input) => reached.has(input) && isFloat(input.dtype));
  if (!needed.includes(true)) return;
  const found = localGradients(node, g);
  const passed = parents.map((input, i) => {
    const grad = needed[i] ? found[i] : null;
    if (grad === null || grad === undefined) return null;
    const fitted = cast(sumTo(grad, input.shape), input.dtype);
    accumulate(gradients, input, fitted);
    return fitted;
  });
  options.observe?.({ node, g, gradients: passed });
}

/** What the node's derivative makes of `g`: by its op's rule, or by one of its own. */
function localGradients(node: Node, g: Tensor): readonly (Tensor | null)[] {
  const inputs = node.parents.map((input) => new Tensor(input));
  const out = new Tensor(node);
  if (node.rule !== null) return (node.rule as Rule).vjp(g, inputs, out);
  const op = node.op as RegisteredOp;
  if (op.vjp === undefined || op.vjp === null) throw noDerivative(op);
  return op.vjp({ g, out, inputs, attrs: node.attrs, pullback });
}

export const pullback: Pullback = (f, inputs, g) => {
  const own = inputs.map((x) => (isFloat(x.dtype) ? tracked(x) : x));
  const out = withRecorder({ gradEnabled: true }, () => f(own));
  if (out.node.tracking !== "tracked") return inputs.map(() => null);
  const wanted = new Set(own.map((x) => x.node));
  const outputs = [{ node: out.node, cotangent: g }];
  const found = gradientsOf(outputs, wanted, { createGraph: recorder.gradEnabled });
  return own.map((x) => found.get(x.node) ?? null);
};

function accumulate(gradients: Map<Node, Tensor>, node: Node, g: Tensor): void {
  const before = gradients.get(node);
  gradients.set(node, before === undefined ? g : add(before, g));
}

/** Undoes broadcasting: sums a gradient over the axes along which its input was repeated. */
function sumTo(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  if (g.rank < shape.length || !broadcasts(shape, g.shape)) return expand(g, shape);
  const lead = g.rank - shape.length;
  const axes = g.shape.flatMap((n, d) => {
    const repeated = d < lead || (shape[d - lead] === 1 && n !== 1);
    return repeated ? [d] : [];
  });
  return reshape(sum(g, axes), shape);
}

const broadcasts = (from: readonly number[], to: readonly number[]): boolean =>
  from.every((n, d) => n === 1 || n === to[d + to.length - from.length]);

/** The gradient that `backward()` starts with: one for a scalar, a constant of the graph. */
export function seedFor(op: string, output: Tensor, cotangent: Tensor | null): Tensor {
  if (cotangent !== null) {
    if (sameShape(cotangent.shape, output.shape)) return cast(cotangent, output.dtype);
    throw new GradError(
      `${op}: the gradient of the output has another shape; got ${show(cotangent.shape)}, the ` +
        `output is ${show(output.shape)}. Give one number for each output element.`,
    );
  }
  if (output.size !== 1) {
    throw new GradError(
      `${op}: the output is not a scalar; got ${show(output.shape)}. Reduce it first ` +
        "(loss.mean(), loss.sum()), or give the gradient of the output.",
    );
  }
  const one = new Tensor(constantNode(1, output.dtype, output.device));
  return output.rank === 0 ? one : expand(one, output.shape);
}

function noDerivative(op: RegisteredOp): GradError {
  const why = op.nondifferentiable ?? "it has no derivative rule";
  return new GradError(
    `${op.name}: no gradient can flow through it: ${why}. ` +
      "Use stopGradient() on its result, or leave it out of the loss.",
  );
}
