import { mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { sign } from "../../ops/elementwise/extrema.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged, shrunk } from "./common.ts";

/**
 * signSGD (Bernstein et al. 2018, arXiv:1802.04434, Algorithm 1): p ← p - lr sign(g); with
 * `momentum` β, Signum (Algorithm 2): m ← β m + (1 - β) g, p ← p - lr sign(m). `weightDecay` λ is
 * decoupled: p (1 - lr λ).
 */
export const SignSGD = defineOptimizer({
  name: "SignSGD",
  defaults: { lr: 1e-3, momentum: 0, weightDecay: 0, maximize: false },
  ranges: { lr: nonNegative, momentum: belowOne, weightDecay: nonNegative },
  flags: ({ momentum, maximize }) => ({ momentum: momentum !== 0, maximize }),
  slots: ({ momentum }) => (momentum ? ["m"] : []),
  scalars: ({ lr, momentum, weightDecay }) => ({
    lr,
    beta: momentum,
    rest: 1 - momentum,
    shrink: lr * weightDecay,
  }),
  rule({ p, g, m }, { lr, beta, rest, shrink }, { momentum, maximize }) {
    const d = ascended(g, maximize);
    const next = momentum ? averaged(m, d, beta, rest) : d;
    const moved = sub(shrunk(p, shrink), mul(lr, sign(next)));
    return momentum ? { p: moved, m: next } : { p: moved };
  },
});
