import { add, div, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { abs, maximum } from "../../ops/elementwise/extrema.ts";
import { defineOptimizer } from "../optimizer.ts";
import { adamRanges, adamScalars, adamScalarsOf } from "./adam.ts";
import { ascended, averaged, decayed } from "./common.ts";

/**
 * Adamax (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 2), Adam with the infinity norm:
 * m ← β1 m + (1 - β1) g, u ← max(β2 u, |g| + ε), p ← p - lr / (1 - β1^t) · m / u.
 * `weightDecay` λ adds λ p to g.
 */
export const Adamax = defineOptimizer({
  name: "Adamax",
  defaults: { lr: 2e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maximize: false },
  ranges: adamRanges,
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["m", "u"],
  scalars: adamScalars,
  scalarsOf: adamScalarsOf,
  rule({ p, g, m, u }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const next = {
      m: averaged(m, d, s.beta1, s.rest1),
      u: maximum(mul(s.beta2, u), add(abs(d), s.eps)),
    };
    return { p: sub(p, mul(div(s.lr, s.c1), div(next.m, next.u))), ...next };
  },
});
