import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { eq, where } from "../../ops/elementwise/compare.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged } from "./common.ts";

/**
 * Adan (Xie et al. 2022, arXiv:2208.06677, Algorithm 1) with averages that start at 0 and are
 * corrected, as in its authors' code: of g, of δ = g - g_before (0 at the first step) and of
 * (g + β2 δ)²; p ← (p - lr (m / c1 + β2 v / c2) / (√(n / c3) + ε)) / (1 + lr λ).
 * β here is 1 - β of the paper.
 */
export const Adan = defineOptimizer({
  name: "Adan",
  defaults: {
    lr: 1e-3,
    beta1: 0.98,
    beta2: 0.92,
    beta3: 0.99,
    eps: 1e-8,
    weightDecay: 0,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    beta1: belowOne,
    beta2: belowOne,
    beta3: belowOne,
    eps: nonNegative,
    weightDecay: nonNegative,
  },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m", "v", "n", "before"],
  scalars: ({ lr, beta1, beta2, beta3, eps, weightDecay }, t) => ({
    lr,
    eps,
    kept: 1 / (1 + lr * weightDecay),
    isFirst: t === 1 ? 1 : 0,
    ...average(1, beta1, t),
    ...average(2, beta2, t),
    ...average(3, beta3, t),
  }),
  scalarsOf: (t, { log1, log2, log3 }, correction) => ({
    isFirst: where(eq(t, 1), 1, 0) as Tensor,
    c1: correction(log1),
    c2: correction(log2),
    c3: correction(log3),
  }),
  rule({ p, g, m: m0, v: v0, n: n0, before }, s, { maximize }) {
    const d = ascended(g, maximize);
    const change = where(eq(s.isFirst, 1), 0, sub(d, before));
    const m = averaged(m0, d, s.beta1, s.rest1);
    const v = averaged(v0, change, s.beta2, s.rest2);
    const n = averaged(n0, square(add(d, mul(s.beta2, change))), s.beta3, s.rest3);
    const along = add(div(m, s.c1), mul(s.beta2, div(v, s.c2)));
    const step = div(along, add(sqrt(div(n, s.c3)), s.eps));
    return { p: mul(s.kept, sub(p, mul(s.lr, step))), m, v, n, before: d };
  },
});

type Numbers<I extends number> = Record<`beta${I}` | `rest${I}` | `log${I}` | `c${I}`, number>;

/** β, 1 - β, ln β and 1 - β^t of one of the averages. */
const average = <I extends number>(i: I, beta: number, t: number): Numbers<I> =>
  ({
    [`beta${i}`]: beta,
    [`rest${i}`]: 1 - beta,
    [`log${i}`]: Math.log(beta),
    [`c${i}`]: 1 - beta ** t,
  }) as Numbers<I>;
