import { finiteKernel } from "../../../kernels/rows/finite.ts";
import { NonFiniteError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { exactly } from "../../ops/samples.ts";
import { defineOp, floating, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Who looks at the norm, for the message. */
interface Watch extends Attrs {
  readonly of: string;
}

const message = ({ of }: Watch): string =>
  `${of}: the norm of the gradients is not finite. Look for a loss that overflows, or lower the ` +
  "learning rate; gradNorms(parameters).perParameter tells which gradients it comes from. " +
  "They count as 0 now.";

const WHY = "gradient norms are for looking and clipping, and are not differentiated";

/** A norm, as it is; the next awaited call rejects with NonFiniteError where it is not finite. */
export const finiteNorm: (norm: Tensor, watch: Watch) => Tensor = defineOp<1, Watch>({
  name: "finiteNorm",
  arity: 1,
  shape: () => [],
  dtype: floating,
  key: ({ of }) => of,
  forward: kernel({
    family: "finiteNorm",
    outputs: () => [{ shape: [], dtype: "float32" }],
    strided: () => true,
    source: (call) => finiteKernel(call, message(call.attrs as Watch)),
    reference: ({ attrs, inputs, outputs, create }) => {
      const x = inputs[0].data[0];
      if (!Number.isFinite(x)) throw new NonFiniteError(message(attrs as Watch));
      const out = create(outputs[0]);
      out[0] = x;
      return [out];
    },
  }),
  vjp: null,
  nondifferentiable: WHY,
  unbatchable: "it checks the one norm of all gradients of an optimizer",
  derivative: [WHY],
  samples: () => [[exactly([], [3]), { of: "clipGradNorm" }]],
});
