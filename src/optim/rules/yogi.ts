import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { sign } from "../../ops/elementwise/extrema.ts";
import { expand } from "../../ops/movement/movement.ts";
import { constantLike } from "../../ops/rules.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { adamRanges, adamScalars } from "./adam.ts";
import { ascended, averaged, decayed } from "./common.ts";

/**
 * Yogi (Zaheer et al. 2018, NeurIPS, Algorithm 2): Adam whose v moves by no more than g²:
 * v ← v - (1 - β2) sign(v - g²) g², p ← p - lr m / (√v + ε), without bias corrections. v starts at
 * `initialAccumulatorValue`. `weightDecay` λ adds λ p to g.
 */
export const Yogi = defineOptimizer({
  name: "Yogi",
  defaults: {
    lr: 1e-2,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-3,
    weightDecay: 0,
    initialAccumulatorValue: 1e-6,
    maximize: false,
  },
  ranges: { ...adamRanges, initialAccumulatorValue: nonNegative },
  flags: ({ weightDecay, maximize }) => ({ decay: weightDecay !== 0, maximize }),
  slots: () => ["m", "v"],
  start: (slot, p, { initialAccumulatorValue }) =>
    slot === "m" ? null : expand(constantLike(initialAccumulatorValue, p, "float32"), p.shape),
  // No number of the step: nothing here depends on how many there were.
  scalars: (options) => adamScalars(options, 1),
  rule({ p, g, m: before, v: last }, s, { decay, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const m = averaged(before, d, s.beta1, s.rest1);
    const squared = square(d);
    const v = sub(last, mul(s.rest2, mul(sign(sub(last, squared)), squared)));
    return { p: sub(p, mul(s.lr, div(m, add(sqrt(v), s.eps)))), m, v };
  },
});
