import type { Node } from "../core/node.ts";
import { type Shape, sameShape } from "../core/shape.ts";

/**
 * The axes over which the gradient of a result is summed for an input that was repeated along
 * them. Element-wise ops and `expand` alone repeat: kernels are given operands that fit.
 */
export function summedAxes(node: Node, input: Node): readonly number[] {
  const { forward } = node.op;
  const repeats =
    forward.kind === "pointwise" ||
    (forward.kind === "view" &&
      forward.step(node.attrs, input.shape, node.shape).type === "expand");
  return repeats && node.rule === null ? repeatedAxes(input.shape, node.shape) : [];
}

function repeatedAxes(shape: Shape, whole: Shape): readonly number[] {
  if (sameShape(shape, whole)) return [];
  const lead = whole.length - shape.length;
  return whole.flatMap((n, d) => (d < lead || (shape[d - lead] === 1 && n !== 1) ? [d] : []));
}
