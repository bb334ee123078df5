import { add, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { randn } from "../../ops/random/random.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { ascended, decayed } from "./common.ts";

/**
 * Stochastic gradient Langevin dynamics (Welling & Teh 2011, eq. 4): p ← p - lr / 2 · g + √(lr τ) ξ
 * with ξ ~ N(0, 1). Where g is the gradient of the negative log posterior (N times the mean loss of
 * N examples, and `weightDecay` as the prior's), the parameters become samples of the posterior; the
 * temperature τ scales the noise. Draws come from the default generator (`manualSeed`).
 */
export const SGLD = defineOptimizer({
  name: "SGLD",
  defaults: { lr: 1e-4, temperature: 1, weightDecay: 0, maximize: false },
  ranges: { lr: nonNegative, temperature: nonNegative, weightDecay: nonNegative },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => [],
  scalars: ({ lr, temperature, weightDecay }) => ({
    half: lr / 2,
    noise: Math.sqrt(lr * temperature),
    decay: weightDecay,
  }),
  rule({ p, g }, { half, noise, decay }, { decay: decays, maximize }) {
    const d = decayed(ascended(g, maximize), p, decay, decays);
    const draw = randn(p.shape, { device: p.device });
    return { p: add(sub(p, mul(half, d)), mul(noise, draw)) };
  },
});
