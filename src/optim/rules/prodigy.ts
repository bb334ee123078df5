import { iota } from "../../ops/creation/iota.ts";
import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, lt, where } from "../../ops/elementwise/compare.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { abs, maximum } from "../../ops/elementwise/extrema.ts";
import { select } from "../../ops/movement/join.ts";
import { reshape } from "../../ops/movement/movement.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOptimizer } from "../optimizer.ts";
import { positive } from "../rule.ts";
import { sharedState } from "../sharedState.ts";
import { adamRanges, adamScalars } from "./adam.ts";
import { ascended, averaged, shrunk } from "./common.ts";

/**
 * Prodigy (Mishchenko & Defazio 2024, arXiv:2306.06101, Algorithm 4): Adam that finds its rate. d
 * estimates how far the solution is from the first point p0:
 * r ← √β2 r + (1 - √β2) γ d² ⟨g, p0 - p⟩, s ← √β2 s + (1 - √β2) γ d² g, d ← max(d, r / ‖s‖₁),
 * over all parameters, and Adam runs on d g: p ← p - γ d m / (√v + d ε). γ is `lr`, 1 unless a
 * schedule shapes it; d starts at `d0`. `weightDecay` λ is decoupled: p (1 - γ d λ).
 */
export const Prodigy = defineOptimizer({
  name: "Prodigy",
  defaults: {
    lr: 1,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    d0: 1e-6,
    maximize: false,
  },
  ranges: { ...adamRanges, d0: positive },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m", "v", "s", "first"],
  start: (slot, p) => (slot === "first" ? p : null),
  shared: sharedState(({ d0 }) => ({ d: Number(d0), r: 0 })),
  scalars: (o) => ({
    ...adamScalars(o, 1),
    beta3: Math.sqrt(o.beta2),
    rest3: 1 - Math.sqrt(o.beta2),
  }),
  rule({ p, g, m: m0, v: v0, s: s0, first, d, r: r0 }, n, { maximize }) {
    const gradient = ascended(g, maximize);
    const scale = mul(n.rest3, mul(n.lr, square(d)));
    const m = averaged(m0, mul(d, gradient), n.beta1, n.rest1);
    const v = averaged(v0, square(mul(d, gradient)), n.beta2, n.rest2);
    const s = add(mul(n.beta3, s0), mul(scale, gradient));
    const [inner, total] = sums(mul(gradient, sub(first, p)), abs(s));
    const r = add(mul(n.beta3, r0), mul(scale, inner));
    const found = where(gt(total, 0), div(r, total), d);
    const step = mul(mul(n.lr, d), div(m, add(sqrt(v), mul(d, n.eps))));
    return {
      p: sub(shrunk(p, mul(mul(n.lr, d), n.decay)), step),
      m,
      v,
      s,
      d: maximum(d, found),
      r,
    };
  },
});

/** The sums of two vectors as the rows of one reduction: one launch reads for both. */
function sums(a: Tensor, b: Tensor): [Tensor, Tensor] {
  const isFirst = lt(iota(2, a.device), 1);
  const rows = where(reshape(isFirst, [2, 1]), reshape(a, [1, a.size]), reshape(b, [1, b.size]));
  const both = sum(rows, 1);
  return [select(both, 0, 0), select(both, 0, 1)];
}
