import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { defineOptimizer } from "../optimizer.ts";
import { adamRanges, adamScalars, adamScalarsOf } from "./adam.ts";
import { ascended, averaged, shrunk } from "./common.ts";

/**
 * AdaBelief (Zhuang et al. 2020, arXiv:2010.07468, Algorithm 2): Adam that divides by how far
 * gradients lie from their average: s ← β2 s + (1 - β2) (g - m)² + ε,
 * p ← p - lr (m / c1) / (√(s / c2) + ε). `weightDecay` λ is decoupled: p (1 - lr λ).
 */
export const AdaBelief = defineOptimizer({
  name: "AdaBelief",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-16, weightDecay: 0, maximize: false },
  ranges: adamRanges,
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m", "s"],
  scalars: (o, t) => ({ ...adamScalars(o, t), shrink: o.lr * o.weightDecay }),
  scalarsOf: adamScalarsOf,
  rule({ p, g, m: before, s }, n, { maximize }) {
    const d = ascended(g, maximize);
    const m = averaged(before, d, n.beta1, n.rest1);
    const spread = add(averaged(s, square(sub(d, m)), n.beta2, n.rest2), n.eps);
    const step = div(div(m, n.c1), add(sqrt(div(spread, n.c2)), n.eps));
    return { p: sub(shrunk(p, n.shrink), mul(n.lr, step)), m, s: spread };
  },
});
