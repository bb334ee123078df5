import { sub } from "../../ops/elementwise/arithmetic.ts";
import { where } from "../../ops/elementwise/compare.ts";
import { touchedRows } from "../layers.ts";
import { defineOptimizer } from "../optimizer.ts";
import { adamRanges, adamScalars, adamScalarsOf, adamStep } from "./adam.ts";
import { ascended } from "./common.ts";

/**
 * Adam for tables of which a step touches few rows (embeddings), as PyTorch's SparseAdam: moments
 * and values of a row change only in steps in which its gradient is not 0.
 */
export const SparseAdam = defineOptimizer({
  name: "SparseAdam",
  defaults: { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, maximize: false },
  ranges: {
    lr: adamRanges.lr,
    beta1: adamRanges.beta1,
    beta2: adamRanges.beta2,
    eps: adamRanges.eps,
  },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["m", "v"],
  scalars: (o, t) => adamScalars({ ...o, weightDecay: 0 }, t),
  scalarsOf: adamScalarsOf,
  rule({ p, g, m, v }, s, { maximize }, layers) {
    const touched = touchedRows(layers, g);
    const { step, slots } = adamStep(ascended(g, maximize), { m, v, vMax: v }, s, false);
    return {
      p: where(touched, sub(p, step), p),
      m: where(touched, slots.m, m),
      v: where(touched, slots.v, v),
    };
  },
});
