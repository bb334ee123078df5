import { add, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { ascended, decayed } from "./common.ts";

/**
 * Averaged stochastic gradient descent (Polyak & Juditsky 1992), in PyTorch's form (Bottou's):
 * p ← (1 - λ η) p - η g with η = lr / (1 + λ lr (t - 1))^α, and the average
 * ax ← ax + μ (p - ax) with μ = 1 / max(1, t - 1 - t0): the mean of the points after step t0,
 * which the slot `ax` holds. `weightDecay` adds to g.
 */
export const ASGD = defineOptimizer({
  name: "ASGD",
  defaults: { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false },
  ranges: {
    lr: nonNegative,
    lambd: nonNegative,
    alpha: nonNegative,
    t0: nonNegative,
    weightDecay: nonNegative,
  },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["ax"],
  scalars({ lr, lambd, alpha, t0, weightDecay }, t) {
    const eta = lr / (1 + lambd * lr * (t - 1)) ** alpha;
    return {
      eta,
      keep: 1 - lambd * eta,
      mu: 1 / Math.max(1, t - 1 - t0),
      decay: weightDecay,
    };
  },
  rule({ p, g, ax }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const next = sub(mul(s.keep, p), mul(s.eta, d));
    return { p: next, ax: add(ax, mul(s.mu, sub(next, ax))) };
  },
});
