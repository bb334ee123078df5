import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged, decayed } from "./common.ts";

/**
 * Adadelta (Zeiler 2012, arXiv:1212.5701, Algorithm 1): with running averages of g² and of δ²,
 * δ = √(E[δ²] + ε) / √(E[g²] + ε) · g and p ← p - lr δ. `weightDecay` λ adds λ p to g.
 */
export const Adadelta = defineOptimizer({
  name: "Adadelta",
  defaults: { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false },
  ranges: { lr: nonNegative, rho: belowOne, eps: nonNegative, weightDecay: nonNegative },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["squareAvg", "accDelta"],
  scalars: ({ lr, rho, eps, weightDecay }) => ({
    lr,
    rho,
    rest: 1 - rho,
    eps,
    decay: weightDecay,
  }),
  rule({ p, g, squareAvg, accDelta }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const next = averaged(squareAvg, square(d), s.rho, s.rest);
    const delta = mul(div(sqrt(add(accDelta, s.eps)), sqrt(add(next, s.eps))), d);
    return {
      p: sub(p, mul(s.lr, delta)),
      squareAvg: next,
      accDelta: averaged(accDelta, square(delta), s.rho, s.rest),
    };
  },
});
