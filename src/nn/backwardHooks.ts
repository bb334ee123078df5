import { alias } from "../autodiff/alias.ts";
import type { Rule } from "../autodiff/rule.ts";
import { GradError } from "../core/errors.ts";
import { sameShape, show } from "../core/shape.ts";
import { mapTree } from "../core/tree.ts";
import { constantNode } from "../tensor/op.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Callable, type HookHandle, registerAround } from "./hooks.ts";

/** d(loss)/d(tensor) of several tensors; null where no gradient flows. */
export type GradientList = readonly (Tensor | null)[];

/**
 * Sees the gradients of a call's inputs and outputs; what it returns takes the place of the
 * inputs' gradients.
 */
export type FullBackwardHook<M extends Callable> = (
  module: M,
  gradInputs: GradientList,
  gradOutputs: GradientList,
) => GradientList | Tensor | null | undefined;

/**
 * Calls `hook` in each backward pass with d(loss)/d(inputs) and d(loss)/d(outputs) of the module,
 * once for each call of `forward`. The tensors count in order, those in arrays and objects
 * included; only this module's use of an input counts, as in PyTorch. It runs while the backward
 * pass is recorded: inside `compile` not again at each replay.
 *
 *     nn.registerFullBackwardHook(layer, (_, [gx], [gy]) => { norms.push(gy!.square().sum()); });
 *
 * @throws ValueError for what cannot be called; GradError, in the backward pass, when the hook
 *   returns gradients that do not fit
 */
export function registerFullBackwardHook<M extends Callable>(
  module: M,
  hook: FullBackwardHook<M>,
): HookHandle {
  const name = "registerFullBackwardHook";
  return registerAround(name, module, (inputs) => {
    let gradOutputs: GradientList = [];
    const back = (gradInputs: GradientList): GradientList =>
      checked(name, hook(module, gradInputs, gradOutputs), gradInputs);
    const way = gated(inputs, back);
    const finish = (output: unknown) => {
      const after = (grads: GradientList): GradientList => {
        gradOutputs = grads;
        // No gradient goes further: nobody else will call it.
        if (!way.open) back(way.none);
        return grads;
      };
      return gated(output, after).tree;
    };
    return { inputs: way.tree as readonly unknown[], finish };
  });
}

/** The gradients that a hook wants in place of others. */
function checked(op: string, made: unknown, before: GradientList): GradientList {
  if (made === undefined) return before;
  const list = (Array.isArray(made) ? made : [made]) as GradientList;
  const fits = (g: unknown, i: number) => {
    const like = before[i];
    return like == null || g === null || (g instanceof Tensor && sameShape(g.shape, like.shape));
  };
  if (list.length === before.length && list.every(fits)) return list;
  const text = (all: GradientList) =>
    all.map((g) => (g instanceof Tensor ? show(g.shape) : String(g))).join(", ");
  throw new GradError(
    `${op}: a hook gave gradients that do not fit the inputs; got ${text(list)} for ` +
      `${text(before)}. Return one of the same shape for each, or nothing to leave them.`,
  );
}

/** All tensors in `tree` as values of their own, whose gradients pass `seen` together. */
function gated(tree: unknown, seen: (gradients: GradientList) => GradientList) {
  const tensors: Tensor[] = [];
  mapTree(tree, (leaf) => leaf instanceof Tensor && tensors.push(leaf));
  const open = tensors.flatMap((t, i) => (t.node.tracking === "tracked" ? [i] : []));
  const none: GradientList = tensors.map(() => null);
  const all = (found: GradientList): GradientList => {
    const full = seen(none.map((_, i) => found[open.indexOf(i)] ?? null));
    return open.map((i) => full[i]!);
  };
  const through = gate(
    open.map((i) => tensors[i]!),
    all,
  );
  let at = 0;
  const swap = (leaf: unknown) => {
    if (!(leaf instanceof Tensor)) return leaf;
    const place = open.indexOf(at++);
    return place < 0 ? leaf : through[place];
  };
  return { tree: mapTree(tree, swap), open: open.length > 0, none };
}

/** Each tensor as it is; in the backward pass their gradients go through `change` at once. */
function gate(tensors: readonly Tensor[], change: (g: GradientList) => GradientList): Tensor[] {
  if (tensors.length === 0) return [];
  const nodes = tensors.map((t) => t.node);
  if (tensors.length === 1) return [ruled(tensors[0]!, { inputs: nodes, vjp: (g) => change([g]) })];
  // The gradients meet at a node before all of them: backward comes to it after the last.
  const zero = new Tensor(constantNode(0, "float32", tensors[0]!.device));
  let found: (Tensor | null)[] = [];
  const meet = () => {
    const complete = tensors.map((_, i) => found[i] ?? null);
    found = [];
    return change(complete);
  };
  const { node } = ruled(zero, { inputs: nodes, vjp: meet });
  return tensors.map((t, i) =>
    ruled(t, {
      inputs: [node],
      vjp: (g) => {
        found[i] = g;
        return [zero];
      },
    }),
  );
}

/** The same value with a derivative of its own. */
function ruled(x: Tensor, rule: Rule): Tensor {
  const out = withRecorder({ gradEnabled: false }, () => alias(x));
  out.node.rule = rule;
  out.node.tracking = "tracked";
  return out;
}
