import { mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, lt, where } from "../../ops/elementwise/compare.ts";
import { maximum, minimum, sign } from "../../ops/elementwise/extrema.ts";
import { expand } from "../../ops/movement/movement.ts";
import { constantLike } from "../../ops/rules.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative, positive, type Range } from "../rule.ts";
import { ascended } from "./common.ts";

const shrinking: Range = { text: "between 0 and 1", has: (x) => x > 0 && x < 1 };
const growing: Range = { text: "above 1", has: (x) => x > 1 && x < Infinity };

/**
 * Resilient backpropagation (Riedmiller & Braun 1993), in PyTorch's form: each element has a step
 * size, which grows by η⁺ while its gradient keeps its sign and shrinks by η⁻ when it changes (that
 * element rests for one step); p ← p - step sign(g). For whole batches.
 */
export const Rprop = defineOptimizer({
  name: "Rprop",
  defaults: {
    lr: 1e-2,
    etaMinus: 0.5,
    etaPlus: 1.2,
    stepMin: 1e-6,
    stepMax: 50,
    maximize: false,
  },
  ranges: {
    lr: nonNegative,
    etaMinus: shrinking,
    etaPlus: growing,
    stepMin: nonNegative,
    stepMax: positive,
  },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["prev", "stepSize"],
  start: (slot, p, { lr }) =>
    slot === "prev" ? null : expand(constantLike(lr, p, "float32"), p.shape),
  scalars: ({ etaMinus, etaPlus, stepMin, stepMax }) => ({ etaMinus, etaPlus, stepMin, stepMax }),
  rule({ p, g, prev, stepSize }, s, { maximize }) {
    const d = ascended(g, maximize);
    const agreement = mul(d, prev);
    const factor = where(gt(agreement, 0), s.etaPlus, where(lt(agreement, 0), s.etaMinus, 1));
    const next = minimum(maximum(mul(stepSize, factor), s.stepMin), s.stepMax);
    const used = where(lt(agreement, 0), 0, d);
    return { p: sub(p, mul(next, sign(used))), prev: used, stepSize: next };
  },
});
