import { add, div, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, logicalAnd, where } from "../../ops/elementwise/compare.ts";
import { layerNorms } from "../layers.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended } from "./common.ts";

/**
 * LARS (You, Gitman & Ginsburg 2017, arXiv:1708.03888, Algorithm 1): momentum with a rate for each
 * parameter, λ = η ‖p‖ / (‖g‖ + β ‖p‖): v ← μ v + lr λ (g + β p), p ← p - v. η is `trust`, β is
 * `weightDecay`; λ is 1 where a norm is 0.
 */
export const LARS = defineOptimizer({
  name: "LARS",
  defaults: { lr: 0.1, momentum: 0.9, weightDecay: 0, trust: 1e-3, maximize: false },
  ranges: { lr: nonNegative, momentum: belowOne, weightDecay: nonNegative, trust: nonNegative },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["v"],
  scalars: ({ lr, momentum, weightDecay, trust }) => ({
    lr,
    mu: momentum,
    decay: weightDecay,
    trust,
  }),
  rule({ p, g, v }, { lr, mu, decay, trust }, { maximize }, layers) {
    const d = ascended(g, maximize);
    const [pNorm, gNorm] = layerNorms(layers, p, d);
    const usable = logicalAnd(gt(pNorm, 0), gt(gNorm, 0));
    const local = where(usable, div(mul(trust, pNorm), add(gNorm, mul(decay, pNorm))), 1);
    const next = add(mul(mu, v), mul(mul(lr, local), add(d, mul(decay, p))));
    return { p: sub(p, next), v: next };
  },
});
