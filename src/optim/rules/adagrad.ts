import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { expand } from "../../ops/movement/movement.ts";
import { constantLike } from "../../ops/rules.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { ascended, decayed } from "./common.ts";

/**
 * Adagrad (Duchi, Hazan & Singer 2011, JMLR 12, Figure 1 with a diagonal matrix):
 * s ← s + g², p ← p - lr / (1 + (t - 1) `lrDecay`) · g / (√s + ε). s starts at
 * `initialAccumulatorValue`. `weightDecay` λ adds λ p to g.
 */
export const Adagrad = defineOptimizer({
  name: "Adagrad",
  defaults: {
    lr: 1e-2,
    lrDecay: 0,
    weightDecay: 0,
    initialAccumulatorValue: 0,
    eps: 1e-10,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    lrDecay: nonNegative,
    weightDecay: nonNegative,
    initialAccumulatorValue: nonNegative,
    eps: nonNegative,
  },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["sum"],
  start: (_, p, { initialAccumulatorValue: value }) =>
    value === 0 ? null : expand(constantLike(value, p, "float32"), p.shape),
  scalars: ({ lr, lrDecay, weightDecay, eps }, t) => ({
    base: lr,
    lrDecay,
    lr: lr / (1 + (t - 1) * lrDecay),
    decay: weightDecay,
    eps,
  }),
  scalarsOf: (t, { base, lrDecay }) => ({ lr: div(base, add(mul(sub(t, 1), lrDecay), 1)) }),
  rule({ p, g, sum }, { lr, decay, eps }, { decay: decays, maximize }) {
    const d = decayed(ascended(g, maximize), p, decay, decays);
    const next = add(sum, square(d));
    return { p: sub(p, mul(lr, div(d, add(sqrt(next), eps)))), sum: next };
  },
});
