import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { maximum } from "../../ops/elementwise/extrema.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOptimizer } from "../optimizer.ts";
import { belowOne, nonNegative } from "../rule.ts";
import { ascended, averaged, decayed } from "./common.ts";

export const adamDefaults = {
  lr: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

export const adamRanges = {
  lr: nonNegative,
  beta1: belowOne,
  beta2: belowOne,
  eps: nonNegative,
  weightDecay: nonNegative,
};

type AdamOptions = Readonly<Record<keyof typeof adamRanges, number>>;

/** 1 - β and the corrections 1 - β^t lose digits in float32: they come from the host. */
export const adamScalars = ({ lr, beta1, beta2, eps, weightDecay }: AdamOptions, t: number) => ({
  lr,
  beta1,
  rest1: 1 - beta1,
  log1: Math.log(beta1),
  c1: 1 - beta1 ** t,
  beta2,
  rest2: 1 - beta2,
  log2: Math.log(beta2),
  c2: 1 - beta2 ** t,
  eps,
  decay: weightDecay,
});

export type AdamScalars = Record<keyof ReturnType<typeof adamScalars>, Tensor>;

export const adamScalarsOf = (
  _t: Tensor,
  { log1, log2 }: AdamScalars,
  correction: (logBeta: Tensor) => Tensor,
) => ({ c1: correction(log1), c2: correction(log2) });

export const adamSlots = ({ amsgrad }: { amsgrad: boolean }): ("m" | "v" | "vMax")[] =>
  amsgrad ? ["m", "v", "vMax"] : ["m", "v"];

/** The moments after a step along `g`, and the step itself: lr (m / c1) / (√(v / c2) + ε). */
export function adamStep(
  g: Tensor,
  before: Record<"m" | "v" | "vMax", Tensor>,
  s: AdamScalars,
  amsgrad: boolean,
) {
  const m = averaged(before.m, g, s.beta1, s.rest1);
  const v = averaged(before.v, square(g), s.beta2, s.rest2);
  const vMax = amsgrad ? maximum(before.vMax, v) : v;
  const step = mul(div(s.lr, s.c1), div(m, add(sqrt(div(vMax, s.c2)), s.eps)));
  return { step, slots: amsgrad ? { m, v, vMax } : { m, v } };
}

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980, Algorithm 1):
 * m ← β1 m + (1 - β1) g, v ← β2 v + (1 - β2) g², p ← p - lr (m / c1) / (√(v / c2) + ε) with
 * c = 1 - β^t. `weightDecay` λ adds λ p to g (L2; see AdamW for decoupled decay); `amsgrad` divides
 * by the largest v so far (Reddi et al. 2018, arXiv:1904.09237).
 */
export const Adam = defineOptimizer({
  name: "Adam",
  defaults: adamDefaults,
  ranges: adamRanges,
  flags: ({ weightDecay, amsgrad, maximize }) => ({ decay: weightDecay !== 0, amsgrad, maximize }),
  slots: adamSlots,
  scalars: adamScalars,
  scalarsOf: adamScalarsOf,
  rule({ p, g, m, v, vMax }, s, { decay, amsgrad, maximize }) {
    const d = decayed(ascended(g, maximize), p, s.decay, decay);
    const { step, slots } = adamStep(d, { m, v, vMax }, s, amsgrad);
    return { p: sub(p, step), ...slots };
  },
});
