import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, logicalAnd, where } from "../../ops/elementwise/compare.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { layerNorms } from "../layers.ts";
import { defineOptimizer } from "../optimizer.ts";
import { adamRanges, adamScalars, adamScalarsOf } from "./adam.ts";
import { ascended, averaged } from "./common.ts";

/**
 * LAMB (You et al. 2020, arXiv:1904.00962, Algorithm 2): Adam's direction with decoupled decay,
 * r = (m / c1) / (√(v / c2) + ε) + λ p, with a rate for each parameter: p ← p - lr ‖p‖ / ‖r‖ · r.
 * The ratio is 1 where a norm is 0.
 */
export const LAMB = defineOptimizer({
  name: "LAMB",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-6, weightDecay: 0, maximize: false },
  ranges: adamRanges,
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m", "v"],
  scalars: adamScalars,
  scalarsOf: adamScalarsOf,
  rule({ p, g, m: m0, v: v0 }, s, { maximize }, layers) {
    const d = ascended(g, maximize);
    const m = averaged(m0, d, s.beta1, s.rest1);
    const v = averaged(v0, square(d), s.beta2, s.rest2);
    const adam = div(div(m, s.c1), add(sqrt(div(v, s.c2)), s.eps));
    const r = add(adam, mul(s.decay, p));
    const [pNorm, rNorm] = layerNorms(layers, p, r);
    const usable = logicalAnd(gt(pNorm, 0), gt(rNorm, 0));
    const ratio = where(usable, div(pNorm, rNorm), 1);
    return { p: sub(p, mul(mul(s.lr, ratio), r)), m, v };
  },
});
