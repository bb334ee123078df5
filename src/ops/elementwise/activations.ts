import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg } from "./arithmetic.ts";
import { ge, gt, le, where } from "./compare.ts";
import { sigmoid, tanh } from "./elementwise.ts";
import { clamp, clampMax } from "./extrema.ts";
import { pow } from "./power.ts";
import { erf, expm1, softplus as softplusUnit } from "./special.ts";

/**
 * x · Φ(x), Φ the normal distribution function: exactly by `erf`, or with
 * ½·(1 + tanh(√(2/π)·(x + 0.044715·x³))) for `approximate: "tanh"`.
 * Source: Hendrycks and Gimpel 2016, arXiv:1606.08415.
 */
export function gelu(
  x: Tensor,
  { approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {},
): Tensor {
  if (approximate === "none") return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  if (approximate !== "tanh") {
    throw new ValueError(
      `gelu: unknown approximation; got "${String(approximate)}". Use "none" or "tanh".`,
    );
  }
  const inner = mul(add(x, mul(pow(x, 3), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** x · σ(x), also called swish. */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

/** ln(1 + e^(βx)) / β, but x itself where βx > threshold: from 20 on the same in float32. */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor {
  if (beta === 1 && threshold >= 20) return softplusUnit(x);
  const scaled = mul(x, beta);
  const smooth = div(softplusUnit(scaled), beta);
  return threshold >= 20 ? smooth : where(gt(scaled, threshold), x, smooth);
}

/** ln σ(x). */
export const logSigmoid = (x: Tensor): Tensor => neg(softplusUnit(neg(x)));

/** x · tanh(ln(1 + eˣ)). Source: Misra 2019, arXiv:1908.08681. */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplusUnit(x)));

/** x where x > 0, else slope · x. */
export const leakyRelu = (x: Tensor, negativeSlope = 0.01): Tensor =>
  where(gt(x, 0), x, mul(x, negativeSlope));

/** x where x > 0, else α·(eˣ - 1). Source: Clevert et al. 2015, arXiv:1511.07289. */
export const elu = (x: Tensor, alpha = 1): Tensor =>
  // The unused branch must stay finite, or its gradient would be 0 · ∞.
  where(gt(x, 0), x, mul(expm1(clampMax(x, 0)), alpha));

/** x where x > 0, else α·(e^(x/α) - 1): its slope has no jump. Source: Barron 2017, arXiv:1704.07483. */
export const celu = (x: Tensor, alpha = 1): Tensor =>
  where(gt(x, 0), x, mul(expm1(div(clampMax(x, 0), alpha)), alpha));

/** λ·elu(x, α) with λ = 1.0507 and α = 1.6733. Source: Klambauer et al. 2017, arXiv:1706.02515. */
export const selu = (x: Tensor): Tensor => mul(elu(x, 1.6732632423543772), 1.0507009873554805);

/** x limited to [-1, 1], or to the given bounds; slope 0 at the bounds (`clamp` has 1); NaN stays. */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  const raised = where(le(x, low), low, x);
  return where(ge(raised, high), high, raised);
}

/** min(max(x, 0), 6); slope 0 at 0 and 6. */
export const relu6 = (x: Tensor): Tensor => hardtanh(x, 0, 6);

/** min(max(x / 6 + ½, 0), 1); slope 0 at -3 and 3. */
export const hardsigmoid = (x: Tensor): Tensor => div(hardtanh(add(x, 3), 0, 6), 6);

/** x · hardsigmoid(x), with PyTorch's slopes at -3 and 3: those of the inner part. */
export const hardswish = (x: Tensor): Tensor => mul(x, div(clamp(add(x, 3), 0, 6), 6));
