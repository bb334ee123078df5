import type { NodeRule } from "../core/node.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * A derivative of one node's own: what `customGrad` and `checkpoint` record instead of an op's.
 * It is a function of its arguments alone, so that transforms may call it with other ones.
 */
export interface Rule extends NodeRule {
  /** d(loss)/d(inputs) from d(loss)/d(node); null where there is none. */
  vjp(g: Tensor, inputs: readonly Tensor[], out: Tensor): readonly (Tensor | null)[];
}
