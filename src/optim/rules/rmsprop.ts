import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { maximum } from "../../ops/elementwise/extrema.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged, decayed } from "./common.ts";

/**
 * RMSprop (Hinton, Srivastava & Swersky 2012, lecture 6e of "Neural Networks for Machine Learning"):
 * s ← α s + (1 - α) g², p ← p - lr g / (√s + ε). `centered` divides by the standard deviation
 * √(s - E[g]²) instead (Graves 2013, arXiv:1308.0850, eq. 38 to 45); with `momentum` μ,
 * b ← μ b + g / (√s + ε) and p ← p - lr b. `weightDecay` λ adds λ p to g.
 */
export const RMSprop = defineOptimizer({
  name: "RMSprop",
  defaults: {
    lr: 1e-2,
    alpha: 0.99,
    eps: 1e-8,
    weightDecay: 0,
    momentum: 0,
    centered: false,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    alpha: belowOne,
    eps: nonNegative,
    weightDecay: nonNegative,
    momentum: nonNegative,
  },
  flags: ({ weightDecay, momentum, centered, maximize }) => ({
    decay: weightDecay !== 0,
    momentum: momentum !== 0,
    centered,
    maximize,
  }),
  slots: ({ momentum, centered }) => [
    "squareAvg" as const,
    ...(centered ? (["gradAvg"] as const) : []),
    ...(momentum ? (["buffer"] as const) : []),
  ],
  scalars: ({ lr, alpha, eps, weightDecay, momentum }) => ({
    lr,
    alpha,
    rest: 1 - alpha,
    eps,
    decay: weightDecay,
    mu: momentum,
  }),
  rule({ p, g, squareAvg, gradAvg, buffer }, s, { decay, momentum, centered, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const slots: Record<string, typeof p> = {
      squareAvg: averaged(squareAvg, square(d), s.alpha, s.rest),
    };
    let spread = slots.squareAvg;
    if (centered) {
      slots.gradAvg = averaged(gradAvg, d, s.alpha, s.rest);
      // Rounding may leave the variance of equal gradients just below 0.
      spread = maximum(sub(spread, square(slots.gradAvg)), 0);
    }
    const scaled = div(d, add(sqrt(spread), s.eps));
    if (momentum) slots.buffer = add(mul(s.mu, buffer), scaled);
    return { p: sub(p, mul(s.lr, momentum ? slots.buffer : scaled)), ...slots };
  },
});
