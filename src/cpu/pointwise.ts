import type { TypedArray } from "../core/dtype.ts";
import type { Pointwise, ProgramNode } from "../core/ir.ts";
import { type Shape, stridesOf } from "../core/shape.ts";
import { elementOf } from "./javascript.ts";
import { type Loop, loopFor } from "./loops.ts";
import type { Evaluate } from "./views.ts";
import { forEachRow, planWalk, repeatStrides } from "./walk.ts";

/** out[i] = f(a[i], b[i], …), with inputs that broadcast against the node's shape. */
export function preparePointwise(
  node: ProgramNode,
  forward: Pointwise,
  shapes: readonly Shape[],
  create: () => TypedArray,
): Evaluate {
  const operands = [stridesOf(node.shape), ...shapes.map((s) => repeatStrides(s, node.shape))];
  const walk = planWalk(node.shape, operands);
  const starts = operands.map(() => 0);
  const f = elementOf(node.op, forward)(node.attrs, node.dtype);
  const loop: Loop = loopFor(forward, shapes.length, node.dtype === "bool");
  return (...inputs) => {
    const out = create();
    forEachRow(walk, starts, (at) => loop(f, out, inputs, at, walk.steps, walk.length));
    return out;
  };
}
