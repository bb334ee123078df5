import { mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { sign } from "../../ops/elementwise/extrema.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged, shrunk } from "./common.ts";

/**
 * Lion (Chen et al. 2023, arXiv:2302.06675, Program 1): p ← p (1 - lr λ) - lr sign(β1 m + (1 - β1) g),
 * then m ← β2 m + (1 - β2) g. Its rates are 3 to 10 times smaller than Adam's.
 */
export const Lion = defineOptimizer({
  name: "Lion",
  defaults: { lr: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0, maximize: false },
  ranges: { lr: nonNegative, beta1: belowOne, beta2: belowOne, weightDecay: nonNegative },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m"],
  scalars: ({ lr, beta1, beta2, weightDecay }) => ({
    lr,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    shrink: lr * weightDecay,
  }),
  rule({ p, g, m }, s, { maximize }) {
    const d = ascended(g, maximize);
    const direction = sign(averaged(m, d, s.beta1, s.rest1));
    return {
      p: sub(shrunk(p, s.shrink), mul(s.lr, direction)),
      m: averaged(m, d, s.beta2, s.rest2),
    };
  },
});
