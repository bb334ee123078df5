import { GradError } from "../core/errors.ts";
import type { Node } from "../core/node.ts";
import { sameShape, show } from "../core/shape.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alias, tracked } from "./alias.ts";
import { forgetInputs } from "./forget.ts";
import { copyNode, rewrite } from "./rewrite.ts";
import type { Rule } from "./rule.ts";

/** What a function with a gradient of its own returns. */
export interface CustomGrad {
  readonly value: Tensor;
  /** d(loss)/d(inputs) from g = d(loss)/d(value), written with ops; null where there is none. */
  vjp(g: Tensor): Tensor | null | readonly (Tensor | null)[];
}

/**
 * A function whose gradient is given instead of derived: for a more stable formula, a
 * straight-through estimator, a reversed gradient.
 *
 *     const roundThrough = customGrad((x) => ({ value: round(x), vjp: (g) => g }));
 *
 * The rule is made of ops and is itself differentiated for second derivatives; it may use what
 * the function computed. Gradients flow to the arguments only, not to tensors closed over.
 * @throws GradError when the function returns no value and rule, or the rule gives gradients that
 *   do not fit the arguments
 */
export function customGrad(
  f: (...inputs: Tensor[]) => CustomGrad,
): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const own = inputs.map(tracked);
    const made = withRecorder({ gradEnabled: true }, () => f(...own)) as Partial<CustomGrad>;
    const { value } = made;
    if (!(value instanceof Tensor) || typeof made.vjp !== "function") {
      throw new GradError(
        "customGrad: the function must return { value, vjp } with a tensor and a function. " +
          "Return for example { value: round(x), vjp: (g) => g }.",
      );
    }
    const places = own.map((t) => t.node);
    const back = made.vjp.bind(made);
    const rule: Rule = {
      inputs: inputs.map((t) => t.node),
      vjp: (g, given) => appliedAt(places, back, g, given),
    };
    const out = withRecorder({ gradEnabled: false }, () => alias(value));
    if (inputs.some((t) => t.node.tracking === "tracked")) {
      out.node.rule = rule;
      out.node.tracking = "tracked";
    } else forgetInputs(own, [value]);
    return out;
  };
}

/** The rule's gradients at `given`, which need not be what it was recorded at. */
function appliedAt(
  places: readonly Node[],
  back: CustomGrad["vjp"],
  g: Tensor,
  given: readonly Tensor[],
): (Tensor | null)[] {
  const found = back(g);
  const list = (found === null || found instanceof Tensor ? [found] : found) as (Tensor | null)[];
  if (list.length !== places.length) throw wrongCount(list.length, places.length);
  for (const [i, x] of list.entries()) checkGradient(x, places[i]!, i);
  const at = new Map(places.map((node, i) => [node, given[i]!.node]));
  const since = Math.min(...places.map((node) => node.serial));
  const copies = rewrite(
    list.flatMap((x) => (x === null ? [] : [x.node])),
    at,
    since,
    copyNode,
  );
  return list.map((x) => x && new Tensor(copies.get(x.node) ?? x.node));
}

function checkGradient(gradient: unknown, { shape }: Node, at: number): void {
  if (gradient === null) return;
  if (gradient instanceof Tensor && sameShape(gradient.shape, shape)) return;
  const got = gradient instanceof Tensor ? show(gradient.shape) : typeof gradient;
  throw new GradError(
    `customGrad: the gradient of argument ${at} is ${got}, the argument is ${show(shape)}. ` +
      "Return a tensor of the argument's shape, or null where there is none.",
  );
}

const wrongCount = (got: number, wanted: number): GradError =>
  new GradError(
    `customGrad: the rule gave ${got} gradients for ${wanted} arguments. ` +
      "Return one for each, null where there is none.",
  );
