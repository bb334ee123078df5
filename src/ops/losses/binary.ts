import {
  infHelper,
  invoke,
  isNanHelper,
  logHelper,
  maxHelper,
  nanHelper,
} from "../../../kernels/math/floatHelpers.ts";
import { bitEntropyHelper } from "../../../kernels/math/lossHelpers.ts";
import { log1pHelper } from "../../../kernels/math/specialHelpers.ts";
import { type Binary, broadcasting, defineOp, floating, pointwise } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg, sub } from "../elementwise/arithmetic.ts";
import { log } from "../elementwise/elementwise.ts";
import { clampMin } from "../elementwise/extrema.ts";
import { log1p, softplus } from "../elementwise/special.ts";
import { uniform } from "../samples.ts";
import { checkAlike, type LossOptions, reduceLoss, weighed } from "./lossRules.ts";

/** Losses of probabilities of yes and no. */

export interface BinaryOptions extends LossOptions {
  /** Factors that broadcast to the losses. */
  readonly weight?: Tensor | null;
}

const bounded = (x: number): number => Math.max(x, -100);

/**
 * An op of its own because of its slope: where a logarithm stops at -100 a prediction that is
 * surely wrong must still be pulled back, with the slope that PyTorch gives.
 */
const bitEntropy: Binary = defineOp<2>({
  name: "bitEntropy",
  arity: 2,
  shape: broadcasting("binaryCrossEntropy"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([p, t], lanes) => invoke(bitEntropyHelper, lanes, p!, t!),
    js: () => (p, t) => (t! - 1) * bounded(Math.log1p(-p!)) - t! * bounded(Math.log(p!)),
    weight: 16,
    helpers: [
      bitEntropyHelper,
      log1pHelper,
      logHelper,
      maxHelper,
      infHelper,
      nanHelper,
      isNanHelper,
    ],
  }),
  vjp: ({ g, inputs }) => {
    const [p, t] = inputs as [Tensor, Tensor];
    const spread = clampMin(mul(p, sub(1, p)), 1e-12);
    const pull = sub(clampMin(log1p(neg(p)), -100), clampMin(log(p), -100));
    return [mul(g, div(sub(p, t), spread)), mul(g, pull)];
  },
  operands: ["p", "t"],
  derivative: ["g·(p - t) / (p·(1 - p))", "g·(ln(1 - p) - ln p)"],
  samples: () => [
    [uniform([3, 5], 0.1, 0.9), uniform([3, 5], 0, 1)],
    [uniform([3, 4], 0.1, 0.9, "transposed"), uniform([4], 0, 1)],
    [uniform([0, 3], 0.1, 0.9), uniform([0, 3])],
  ],
});

/**
 * -(t ln p + (1 - t) ln(1 - p)) for probabilities p; logarithms stop at -100, as in PyTorch.
 * @throws ShapeError when the shapes differ
 */
export function binaryCrossEntropy(
  p: Tensor,
  target: Tensor,
  { reduction, weight }: BinaryOptions = {},
): Tensor {
  checkAlike("binaryCrossEntropy", p, target);
  const losses = weighed("binaryCrossEntropy", bitEntropy(p, target), weight);
  return reduceLoss("binaryCrossEntropy", losses, reduction);
}

/**
 * -(t ln σ(x) + (1 - t) ln(1 - σ(x))) for logits x and probabilities t, without overflow.
 * `posWeight` weighs the positive part, per class. @throws ShapeError when the shapes differ
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  { reduction, weight, posWeight }: BinaryOptions & { readonly posWeight?: Tensor | null } = {},
): Tensor {
  const op = "binaryCrossEntropyWithLogits";
  checkAlike(op, x, target);
  const negative = mul(sub(1, target), softplus(x));
  const positive = weighed(op, mul(target, softplus(neg(x))), posWeight);
  return reduceLoss(op, weighed(op, add(negative, positive), weight), reduction);
}
