import { DTypeError, GradError } from "../core/errors.ts";
import { mapTree } from "../core/tree.ts";
import { zerosLike } from "../ops/creation/creation.ts";
import { exportWithNextPlan } from "../tensor/pending.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alias, tracked } from "./alias.ts";
import { forgetInputs } from "./forget.ts";
import { gradientsOf, seedFor } from "./gradients.ts";

/** The value of a tensor without its past: no gradient flows through. */
export function stopGradient(x: Tensor): Tensor {
  return withRecorder({ gradEnabled: false }, () => alias(x));
}

/**
 * The value of a tensor in memory of its own, computed with the next plan: it stays readable after
 * the variables that it came from have been updated. Gradients flow through.
 */
export function clone(x: Tensor): Tensor {
  const copy = alias(x);
  exportWithNextPlan(copy.node);
  return copy;
}

/** The structure of the arguments, with each tensor replaced by its gradient. */
export type Gradient<A> = A extends Tensor
  ? Tensor
  : A extends readonly unknown[]
    ? { [K in keyof A]: Gradient<A[K]> }
    : A extends object
      ? { [K in keyof A]: Gradient<A[K]> }
      : A;

/**
 * The value of a scalar function and its gradient with respect to the first argument, which may
 * be a tensor, an array or an object of tensors. Can be nested for higher derivatives.
 * @throws GradError when the function does not return a scalar tensor.
 */
export function valueAndGrad<A, R extends unknown[]>(
  f: (x: A, ...rest: R) => Tensor,
): (x: A, ...rest: R) => { value: Tensor; grad: Gradient<A> } {
  return (x, ...rest) => {
    const inputs: Tensor[] = [];
    const traced = mapTree(x, (leaf, path) => {
      if (!(leaf instanceof Tensor)) throw notATensor(leaf, path);
      inputs.push(tracked(leaf));
      return inputs[inputs.length - 1];
    }) as A;
    const value = withRecorder({ gradEnabled: true }, () => f(traced, ...rest));
    if (!(value instanceof Tensor)) {
      throw new GradError(
        `grad: the function returned ${typeof value}, not a tensor. Return a scalar tensor.`,
      );
    }
    const wanted = new Set(inputs.map((t) => t.node));
    const seed = seedFor("grad", value, null);
    const outputs = [{ node: value.node, cotangent: seed }];
    const found = gradientsOf(outputs, wanted, { createGraph: true });
    let at = 0;
    const grad = mapTree(x, () => {
      const input = inputs[at++];
      return found.get(input.node) ?? zerosLike(input);
    }) as Gradient<A>;
    forgetInputs(inputs, [value, ...found.values()]);
    return { value, grad };
  };
}

/** The gradient of a scalar function with respect to its first argument; see `valueAndGrad`. */
export function grad<A, R extends unknown[]>(
  f: (x: A, ...rest: R) => Tensor,
): (x: A, ...rest: R) => Gradient<A> {
  const both = valueAndGrad(f);
  return (x, ...rest) => both(x, ...rest).grad;
}

function notATensor(leaf: unknown, path: string): DTypeError {
  return new DTypeError(
    `grad: the first argument${path && ` at ${path}`} is not a tensor; got ${typeof leaf}. ` +
      "Pass numbers as further arguments, or make a tensor of them.",
  );
}
