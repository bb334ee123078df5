import { isFloat } from "../core/dtype.ts";
import { GradError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { sameShape, show } from "../core/shape.ts";
import { leavesOf, mapTree } from "../core/tree.ts";
import { zerosLike } from "../ops/creation/creation.ts";
import { recorder, withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { tracked } from "./alias.ts";
import { forgetInputs } from "./forget.ts";
import { gradientsOf } from "./gradients.ts";
import { type Gradient, grad, stopGradient } from "./transforms.ts";

/**
 * Products with the Jacobian J = ∂f/∂x, never built: Jᵀu (`vjp`), Jv (`jvp`), and Hv of a scalar
 * function (`hvp`). Arguments and results are tensors and trees of them.
 */

/** One value where there is one argument, else a list: as PyTorch's `vjp`. */
export type PerArgument<A extends unknown[]> = A extends [infer X]
  ? Gradient<X>
  : { [K in keyof A]: Gradient<A[K]> };

/** A function recorded at one point. */
export interface Traced<R> {
  readonly value: R;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Records f(...args) with every tensor argument as an input of its own. */
export function traceAt<A extends unknown[], R>(
  op: string,
  f: (...args: A) => R,
  args: A,
): Traced<R> {
  const inputs: Tensor[] = [];
  const own = mapTree(args, (leaf) => {
    if (!(leaf instanceof Tensor)) return leaf;
    if (!isFloat(leaf.dtype)) return leaf;
    inputs.push(tracked(leaf));
    return inputs.at(-1);
  }) as A;
  if (inputs.length === 0) {
    throw new GradError(
      `${op}: no argument is a float tensor. Pass the tensors to differentiate by as arguments.`,
    );
  }
  const value = withRecorder({ gradEnabled: true }, () => f(...own));
  return { value, inputs, outputs: outputsOf(op, value) };
}

function outputsOf(op: string, value: unknown): Tensor[] {
  if (value instanceof Promise) {
    throw new GradError(`${op}: the function is async. Leave out \`async\`: it is only recorded.`);
  }
  return leavesOf(value).map(({ leaf, path }) => {
    if (leaf instanceof Tensor) return leaf;
    throw new GradError(
      `${op}: the function returned ${typeof leaf}${path && ` at ${path}`}, not a tensor. ` +
        "Return tensors, or arrays and plain objects of them.",
    );
  });
}

/** Σ over outputs of Jᵀu for each input; zeros where nothing depends on it. */
export function pullBack({ inputs, outputs }: Traced<unknown>, cotangents: readonly Tensor[]) {
  const pairs = outputs.flatMap((output, i) =>
    output.requiresGrad ? [{ node: output.node, cotangent: cotangents[i]! }] : [],
  );
  const wanted = new Set(inputs.map((t) => t.node));
  const found = gradientsOf(pairs, wanted, { createGraph: recorder.gradEnabled });
  return inputs.map((input) => found.get(input.node) ?? zerosLike(input));
}

/** The tensors of `given`, one for each of `like`, of equal shapes. */
export function matching(op: string, what: string, given: unknown, like: readonly Tensor[]) {
  const tensors = leavesOf(given).flatMap(({ leaf }) => (leaf instanceof Tensor ? [leaf] : []));
  const fits = tensors.length === like.length && tensors.every((t, i) => sameAs(t, like[i]!));
  if (fits) return tensors;
  const shapes = (list: readonly Tensor[]) => list.map((t) => show(t.shape)).join(", ");
  throw new GradError(
    `${op}: the ${what} do not fit; got ${shapes(tensors) || "no tensor"} for ${shapes(like)}. ` +
      "Give one tensor of equal shape for each.",
  );
}

const sameAs = (a: Tensor, b: Tensor): boolean => sameShape(a.shape, b.shape);

/**
 * The value as the caller gets it while the record is kept: gradients flow on only to what was
 * tracked outside, else `x = x - lr·pullback(u)` would keep every step's record alive.
 */
export function resultOf<R>({ value, inputs, outputs }: Traced<R>): R {
  const own = new Set(inputs.map((t) => t.node));
  const seen = new Set<Node>();
  const stack = outputs.map((t) => t.node);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.tracking !== "tracked" || seen.has(node)) continue;
    seen.add(node);
    if (node.owner !== null || (node.parents.length === 0 && !own.has(node))) return value;
    stack.push(...node.parents);
  }
  return mapTree(value, (leaf) => stopGradient(leaf as Tensor)) as R;
}

/** The structure of the arguments with one result for each tensor that was differentiated by. */
function perArgument<A extends unknown[]>(args: A, results: readonly Tensor[]): PerArgument<A> {
  let at = 0;
  const tree = mapTree(args, (leaf) =>
    leaf instanceof Tensor && isFloat(leaf.dtype) ? results[at++] : leaf,
  ) as unknown[];
  return (args.length === 1 ? tree[0] : tree) as PerArgument<A>;
}

/**
 * The value of f and its pullback u ↦ Jᵀu, which may be called often.
 * @returns `pullback(cotangent)`: the gradient for one argument, a list of them for several
 * @throws GradError when a cotangent's shape is not that of the value
 */
export function vjp<A extends unknown[], R>(
  f: (...args: A) => R,
  ...args: A
): { value: R; pullback: (cotangent: R) => PerArgument<A> } {
  const traced = traceAt("vjp", f, args);
  const pullback = (cotangent: R) => {
    const cotangents = matching("vjp", "cotangents", cotangent, traced.outputs);
    return perArgument(args, pullBack(traced, cotangents));
  };
  return { value: resultOf(traced), pullback };
}

/**
 * The value of f and Jv, the derivative of f along v. Jᵀu is linear in u, so that Jv is its
 * gradient by u: no rule of its own is needed, and nothing of u is ever computed.
 * @throws GradError when a tangent's shape is not that of its argument
 */
export function jvp<A extends unknown[], R>(
  f: (...args: A) => R,
  args: A,
  tangents: { [K in keyof A]: Gradient<A[K]> },
): { value: R; tangent: R } {
  const traced = traceAt("jvp", f, args);
  const along = matching("jvp", "tangents", tangents, traced.inputs);
  const found = pushForward(traced, along);
  let at = 0;
  const tangent = mapTree(traced.value, () => found[at++]) as R;
  forgetInputs(traced.inputs, [...traced.outputs, ...found]);
  return { value: traced.value, tangent };
}

/** Jv for each output. */
export function pushForward(traced: Traced<unknown>, tangents: readonly Tensor[]): Tensor[] {
  return withRecorder({ gradEnabled: true }, () => {
    const duals = traced.outputs.map((output) => tracked(zerosLike(output)));
    const back = pullBack(traced, duals);
    const found = pullBack({ value: null, inputs: duals, outputs: back }, tangents);
    forgetInputs(duals, found);
    return found;
  });
}

/**
 * H v for the Hessian H of a scalar function of its first argument: the gradient of ⟨∇f, v⟩.
 * @param v tangents with the structure and shapes of x
 */
export function hvp<A, R extends unknown[]>(
  f: (x: A, ...rest: R) => Tensor,
  x: A,
  v: Gradient<A>,
  ...rest: R
): Gradient<A> {
  const { pullback } = vjp((at: A) => grad(f)(at, ...rest), x);
  return pullback(v) as Gradient<A>;
}
