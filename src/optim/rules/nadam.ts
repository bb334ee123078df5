import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { adamRanges, adamScalars } from "./adam.ts";
import { ascended, averaged, decayed } from "./common.ts";

/** The momentum of step t, which grows towards β1: β1 (1 - 0.96^(t ψ) / 2). */
const momentumAt = (t: number, beta1: number, psi: number): number =>
  beta1 * (1 - 0.5 * 0.96 ** (t * psi));

/**
 * NAdam, Adam with Nesterov's momentum (Dozat 2016, ICLR workshop, Algorithm 2):
 * p ← p - lr [(1 - μ_t) g / (1 - Π μ) + μ_{t+1} m / (1 - Π μ · μ_{t+1})] / (√(v / c2) + ε), where
 * Π μ is the product of the momenta so far. `weightDecay` λ adds λ p to g.
 */
export const NAdam = defineOptimizer({
  name: "NAdam",
  defaults: {
    lr: 2e-3,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    momentumDecay: 4e-3,
    maximize: false,
  },
  ranges: { ...adamRanges, momentumDecay: nonNegative },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["m", "v"],
  numbers: { muProduct: 1 },
  scalars(options, t, numbers) {
    const { lr, beta1, momentumDecay } = options;
    const mu = momentumAt(t, beta1, momentumDecay);
    const later = momentumAt(t + 1, beta1, momentumDecay);
    numbers.muProduct *= mu;
    return {
      ...adamScalars(options, t),
      now: (lr * (1 - mu)) / (1 - numbers.muProduct),
      next: (lr * later) / (1 - numbers.muProduct * later),
    };
  },
  rule({ p, g, m, v }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const slots = {
      m: averaged(m, d, s.beta1, s.rest1),
      v: averaged(v, square(d), s.beta2, s.rest2),
    };
    const along = add(mul(s.now, d), mul(s.next, slots.m));
    return { p: sub(p, div(along, add(sqrt(div(slots.v, s.c2)), s.eps))), ...slots };
  },
});
