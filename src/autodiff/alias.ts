import { uniform } from "../ops/samples.ts";
import { defineOp, type Unary } from "../tensor/op.ts";
import { withRecorder } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";

/** y = x, as a value of its own: what transforms differentiate with respect to. */
export const alias: Unary = defineOp<1>({
  name: "alias",
  arity: 1,
  shape: ([shape]) => shape!,
  dtype: ([dtype]) => ({ operands: [dtype!], result: dtype! }),
  forward: { kind: "view", step: (_, __, to) => ({ type: "reshape", shape: to }) },
  vjp: ({ g }) => [g],
  derivative: ["g"],
  samples: () => [[uniform([2, 3])], [uniform([])]],
});

/** The same value as a node of its own through which gradients flow. */
export function tracked(x: Tensor): Tensor {
  const { node } = withRecorder({ gradEnabled: true }, () => alias(x));
  node.tracking = "tracked";
  return new Tensor(node);
}
