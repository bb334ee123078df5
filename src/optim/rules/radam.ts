import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, where } from "../../ops/elementwise/compare.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { defineOptimizer } from "../optimizer.ts";
import { adamRanges, adamScalars } from "./adam.ts";
import { ascended, averaged, decayed } from "./common.ts";

/**
 * Rectified Adam (Liu et al. 2020, arXiv:1908.03265, Algorithm 2): while the variance of the
 * adaptive rate is intractable (ρ_t ≤ 5), p ← p - lr m / c1; afterwards Adam's step times
 * r_t = √((ρ_t - 4)(ρ_t - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ_t)), with ρ∞ = 2 / (1 - β2) - 1 and
 * ρ_t = ρ∞ - 2 t β2^t / (1 - β2^t). `weightDecay` λ adds λ p to g.
 */
export const RAdam = defineOptimizer({
  name: "RAdam",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maximize: false },
  ranges: adamRanges,
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["m", "v"],
  scalars(options, t) {
    const shared = adamScalars(options, t);
    const { lr, c1, c2 } = shared;
    const most = 2 / shared.rest2 - 1;
    const rho = most - (2 * t * (1 - c2)) / c2;
    if (rho <= 5) return { ...shared, adapts: 0, rate: lr / c1 };
    const ratio = ((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho);
    return { ...shared, adapts: 1, rate: (lr / c1) * Math.sqrt(c2 * ratio) };
  },
  rule({ p, g, m, v }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const slots = {
      m: averaged(m, d, s.beta1, s.rest1),
      v: averaged(v, square(d), s.beta2, s.rest2),
    };
    const step = mul(s.rate, slots.m);
    const spread = add(sqrt(slots.v), s.eps);
    return { p: sub(p, where(gt(s.adapts, 0), div(step, spread), step)), ...slots };
  },
});
