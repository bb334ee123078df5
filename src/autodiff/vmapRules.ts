import { GradError, ValueError } from "../core/errors.ts";
import type { Attrs, ViewStep } from "../core/ir.ts";
import type { Node } from "../core/node.ts";
import type { Shape } from "../core/shape.ts";
import { iota } from "../ops/creation/iota.ts";
import { expand, flip, permute, reshape } from "../ops/movement/movement.ts";
import { cut, zeroPad } from "../ops/movement/window.ts";
import { randomBits } from "../ops/random/randomOps.ts";
import { sum } from "../ops/reduce/reduce.ts";
import { apply, type RegisteredOp } from "../tensor/op.ts";
import { recorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { alias } from "./alias.ts";
import { batchOf } from "./batchRules.ts";
import { pullback } from "./gradients.ts";
import type { Found } from "./rewrite.ts";
import type { Rule } from "./rule.ts";

/**
 * One recorded node for all examples at once: the batch is axis 0 of every batched value. What a
 * node *is* decides how; only kernels bring a rule of their own (`OpDefinition.batch`).
 */

/** How the examples of a batch draw random numbers. */
export type Randomness = "error" | "same" | "different";

export interface Batch {
  readonly size: number;
  readonly randomness: Randomness;
  /** Calls a function of single examples for all: `vmap` itself, for rules inside rules. */
  map(
    f: (...args: Tensor[]) => unknown,
    axes: readonly (0 | null)[],
  ): (...args: Tensor[]) => unknown;
}

export function batchNode(node: Node, found: Found<Tensor>, batch: Batch): Tensor {
  const inputs = node.inputs.map((input) => found(input) ?? new Tensor(input));
  const batched = node.inputs.map((input) => found(input) !== undefined);
  const out = batchForward(node, inputs, batched, batch);
  // A gradient that was stopped here stays stopped, and what is the node's own needs a node.
  const stopped = node.tracking === "none" && out.node.tracking !== "none";
  const own = stopped || node.hooks !== null || node.rule !== null ? alias(out) : out;
  if (own.node.range === null) own.node.range = node.range;
  if (node.hooks !== null) addHooks(own, node, batch);
  if (node.rule !== null) addRule(own, node.rule as Rule, found, batch);
  return own;
}

function batchForward(
  node: Node,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  batch: Batch,
): Tensor {
  const op = node.op as RegisteredOp;
  const { attrs, shape } = node;
  const { size } = batch;
  const { forward } = op;
  if (op.draws === true && !batched.includes(true)) return drawn(node, inputs, batch);
  switch (forward.kind) {
    case "pointwise":
      return apply(op, aligned(inputs, batched, shape.length), attrs);
    case "view": {
      const step = forward.step(attrs, node.inputs[0]!.shape, shape);
      return batchView(inputs[0]!, node.inputs[0]!.shape, step, size);
    }
    case "reduction": {
      const axes = (attrs.axes as readonly number[]).map((d) => d + 1);
      return apply(op, inputs, { ...attrs, axes });
    }
    default: {
      const all = (xs: readonly Tensor[], own: Attrs) => apply(op, xs, own);
      const own = batchOf(op)?.({ inputs, batched, size, attrs, op: all });
      return own ?? batchComposed(op, inputs, batched, attrs, batch);
    }
  }
}

function batchComposed(
  op: RegisteredOp,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  attrs: Attrs,
  batch: Batch,
): Tensor {
  const { composed } = op;
  if (composed === undefined) throw unbatchable(op);
  const axes = batched.map((is) => (is ? 0 : null));
  return batch.map((...xs) => composed(xs, attrs, pullback), axes)(...inputs) as Tensor;
}

/** Inputs of lower rank keep their axes at the right, behind the batch. */
const aligned = (inputs: readonly Tensor[], batched: readonly boolean[], rank: number): Tensor[] =>
  inputs.map((x, i) => {
    const missing = rank + 1 - x.rank;
    if (!batched[i] || missing === 0) return x;
    return reshape(x, [x.shape[0]!, ...new Array<number>(missing).fill(1), ...x.shape.slice(1)]);
  });

/** The same step of index algebra, behind the batch axis. */
function batchView(x: Tensor, from: Shape, step: ViewStep, size: number): Tensor {
  const to = step.shape;
  switch (step.type) {
    case "reshape":
      return reshape(x, [size, ...to]);
    case "permute":
      return permute(x, [0, ...step.order.map((d) => d + 1)]);
    case "expand":
      return expand(aligned([x], [true], to.length)[0]!, [size, ...to]);
    case "slice":
      return cut(x, [0, ...step.starts], [size, ...to], [1, ...step.steps]);
    case "flip":
      return flip(
        x,
        step.axes.map((d) => d + 1),
      );
    case "pad": {
      const after = to.map((n, d) => n - from[d]! - step.before[d]!);
      return zeroPad(x, [0, ...step.before], [0, ...after]);
    }
  }
}

/**
 * A draw of random numbers. Its last two inputs are seed and count: for examples that draw apart
 * each gets a seed of its own, itself drawn from these.
 */
function drawn(node: Node, inputs: readonly Tensor[], { size, randomness }: Batch): Tensor {
  const op = node.op as RegisteredOp;
  if (randomness === "error") {
    throw new ValueError(
      "vmap: the function draws random numbers, and it is not said whether all examples draw the " +
        'same. Pass { randomness: "different" } or { randomness: "same" }.',
    );
  }
  const [seed, count] = inputs.slice(-2) as [Tensor, Tensor];
  const seeds = randomBits(iota(size, seed.device, "uint32"), seed, count);
  const perExample = reshape(seeds, [size, ...node.shape.map(() => 1)]);
  return apply(op, [...inputs.slice(0, -2), perExample, count], node.attrs);
}

/** A gradient hook sees one example's gradient, as it would without `vmap`. */
function addHooks(out: Tensor, { hooks }: Node, batch: Batch): void {
  const list = [...hooks!] as unknown as ((g: Tensor) => Tensor | undefined)[];
  const all = list.map((hook) => batch.map((g) => hook(g!) ?? g, [0]));
  out.node.hooks = new Set(all) as unknown as Node["hooks"];
}

/** A derivative of the node's own becomes that of all examples; what they share is summed over. */
function addRule(out: Tensor, rule: Rule, found: Found<Tensor>, batch: Batch): void {
  const inputs = rule.inputs.map((input) => found(input)?.node ?? input);
  const axes = rule.inputs.map((input) => (found(input) === undefined ? null : 0));
  const own: Rule = {
    inputs,
    vjp: (g, given, out) => {
      const used: number[] = [];
      const each = (...args: Tensor[]) => {
        const all = rule.vjp(args[0]!, args.slice(2), args[1]!);
        return all.filter((x, i) => x !== null && used.push(i) > 0);
      };
      const found = batch.map(each, [0, 0, ...axes])(g, out, ...given) as Tensor[];
      return inputs.map((_, i) => {
        const at = used.indexOf(i);
        if (at < 0) return null;
        return axes[i] === 0 ? found[at]! : sum(found[at]!, 0);
      });
    },
  };
  out.node.rule = own;
  out.node.tracking = recorder.gradEnabled ? "tracked" : "none";
}

function unbatchable(op: RegisteredOp): GradError {
  const why = op.unbatchable ?? "it has no batching rule";
  return new GradError(
    `${op.name}: vmap cannot batch it: ${why}. Loop over the examples and stack the results.`,
  );
}
