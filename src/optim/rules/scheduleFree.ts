import { add, div, mul, square, sub } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { defineOptimizer } from "../optimizer.ts";
import { nonNegative } from "../rule.ts";
import { adamRanges, adamScalars } from "./adam.ts";
import { ascended, averaged } from "./common.ts";

const Base = defineOptimizer({
  name: "ScheduleFree",
  defaults: {
    lr: 2.5e-3,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    warmupSteps: 0,
    maximize: false,
  },
  ranges: { ...adamRanges, warmupSteps: nonNegative },
  flags: ({ maximize }) => ({ maximize }),
  slots: () => ["z", "v"],
  start: (slot, p) => (slot === "z" ? p : null),
  numbers: { weightSum: 0, lrMax: 0 },
  scalars(options, t, numbers) {
    const { lr, beta1, warmupSteps } = options;
    const rate = warmupSteps > 0 ? lr * Math.min(1, t / warmupSteps) : lr;
    numbers.lrMax = Math.max(numbers.lrMax, rate);
    const weight = numbers.lrMax ** 2;
    numbers.weightSum += weight;
    const c = numbers.weightSum === 0 ? 0 : weight / numbers.weightSum;
    return { ...adamScalars(options, t), lr: rate, c, along: rate * (beta1 * (1 - c) - 1) };
  },
  rule({ p: y, g, z, v: v0 }, s, { maximize }) {
    const d = ascended(g, maximize);
    const v = averaged(v0, square(d), s.beta2, s.rest2);
    const step = add(div(d, add(sqrt(div(v, s.c2)), s.eps)), mul(s.decay, y));
    return {
      p: add(add(y, mul(s.c, sub(z, y))), mul(s.along, step)),
      z: sub(z, mul(s.lr, step)),
      v,
    };
  },
});

/**
 * Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682, Algorithm 1): no schedule and no end
 * of training. Gradients are taken at y = (1 - β1) z + β1 x, z makes Adam's steps without momentum,
 * and x is the average of the z, which is what to use: call `eval()` before the model is
 * evaluated or saved, and `train()` before it is trained on. Rates rise along a line for
 * `warmupSteps`.
 */
export class ScheduleFree extends Base {
  #training = true;

  /** The parameters become the average x. */
  eval(): void {
    this.#mix(false, (beta1) => 1 - 1 / beta1);
  }

  /** The parameters become y again, where gradients are taken. */
  train(): void {
    this.#mix(true, (beta1) => 1 - beta1);
  }

  #mix(training: boolean, weightOf: (beta1: number) => number): void {
    if (training === this.#training) return;
    this.#training = training;
    noGrad(() => {
      for (const { params, options } of this.paramGroups) {
        for (const p of params) {
          const change = mul(weightOf(options.beta1), sub(this.slot("z", p), p));
          p.assign(add(p, change));
        }
      }
    });
  }
}
