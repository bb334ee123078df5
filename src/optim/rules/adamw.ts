import { mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { defineOptimizer } from "../optimizer.ts";
import {
  adamDefaults,
  adamRanges,
  adamScalars,
  adamScalarsOf,
  adamSlots,
  adamStep,
} from "./adam.ts";
import { ascended, shrunk } from "./common.ts";

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv:1711.05101, Algorithm 2):
 * p ← p (1 - lr λ), then Adam's step on the undecayed gradient.
 */
export const AdamW = defineOptimizer({
  name: "AdamW",
  defaults: { ...adamDefaults, weightDecay: 1e-2 },
  ranges: adamRanges,
  flags: ({ amsgrad, maximize }) => ({ amsgrad, maximize }),
  slots: adamSlots,
  scalars: adamScalars,
  scalarsOf: adamScalarsOf,
  rule({ p, g, m, v, vMax }, s, { amsgrad, maximize }) {
    const { step, slots } = adamStep(ascended(g, maximize), { m, v, vMax }, s, amsgrad);
    return { p: sub(shrunk(p, mul(s.lr, s.decay)), step), ...slots };
  },
});
