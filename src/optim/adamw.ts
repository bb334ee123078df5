import { mul, sub } from "../ops/elementwise/arithmetic.ts";
import { adamScalars, adamStep, checkAdam, moments } from "./adam.ts";
import { defineOptimizer } from "./optimizer.ts";

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, Algorithm 2):
 * p ← p (1 - lr λ), then Adam's step on the undecayed gradient.
 */
export const AdamW = defineOptimizer({
  name: "AdamW",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 1e-2 },
  state: ["m", "v"],
  check: (o) => checkAdam("AdamW", o),
  scalars: (o, t) => ({ ...adamScalars(o, t), keep: 1 - o.lr * o.weightDecay }),
  rule({ p, g, m, v }, s) {
    const next = moments(g, m, v, s);
    return { p: sub(mul(s.keep, p), adamStep(next, s)), ...next };
  },
});
