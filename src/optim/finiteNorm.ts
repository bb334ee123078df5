import { finiteKernel } from "../../kernels/rows/finite.ts";
import { NonFiniteError } from "../core/errors.ts";
import { exactly } from "../ops/samples.ts";
import { defineOp, floating, kernel, type Unary } from "../tensor/op.ts";

const NOT_FINITE =
  "clipGradNorm: the norm of the gradients is not finite. Look for a loss that overflows, or lower " +
  "the learning rate; norms.perParameter tells which gradients it comes from. They count as 0 now.";

const WHY = "gradient norms are for looking and clipping, and are not differentiated";

/** A norm, as it is; the next awaited call rejects with NonFiniteError where it is not finite. */
export const finiteNorm: Unary = defineOp<1>({
  name: "finiteNorm",
  arity: 1,
  shape: () => [],
  dtype: floating,
  forward: kernel({
    family: "finiteNorm",
    outputs: () => [{ shape: [], dtype: "float32" }],
    strided: () => true,
    source: (call) => finiteKernel(call, NOT_FINITE),
    reference: ({ inputs, outputs, create }) => {
      const x = inputs[0].data[0];
      if (!Number.isFinite(x)) throw new NonFiniteError(NOT_FINITE);
      const out = create(outputs[0]);
      out[0] = x;
      return [out];
    },
  }),
  vjp: null,
  nondifferentiable: WHY,
  unbatchable: "it checks the one norm of all gradients of an optimizer",
  derivative: [WHY],
  samples: () => [[exactly([], [3])]],
});
