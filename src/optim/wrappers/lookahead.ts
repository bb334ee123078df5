import { add, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { gt, where } from "../../ops/elementwise/compare.ts";
import { flushPending, realize } from "../../tensor/realize.ts";
import { noGrad, recorder } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { type Companion, companionsOf } from "../companions.ts";
import { checkBetween, checkCount } from "../schedules/scheduler.ts";
import { StepNumber } from "../stepNumber.ts";
import type { Steppable } from "./steppable.ts";

/**
 * Lookahead (Zhang et al. 2019, arXiv:1907.08610, Algorithm 1) around any optimizer: every `k` steps
 * slow weights move towards the fast ones, s ← s + α (p - s), and the fast ones start again there.
 */
export class Lookahead<T extends Steppable> implements Steppable {
  readonly optimizer: T;
  readonly k: number;
  readonly alpha: number;
  readonly #slow: readonly Companion[];
  readonly #synchronizes: StepNumber;

  constructor(optimizer: T, { k = 5, alpha = 0.5 }: { k?: number; alpha?: number } = {}) {
    checkCount("Lookahead", "k", k);
    checkBetween("Lookahead", "alpha", alpha, 0, 1);
    this.optimizer = optimizer;
    this.k = k;
    this.alpha = alpha;
    this.#slow = companionsOf("Lookahead", optimizer.parameters);
    const { device } = this.#slow[0].beside;
    if (recorder.capture === null) realize(device, []);
    this.#synchronizes = new StepNumber(device, (t) => (t % k === 0 ? 1 : 0));
  }

  get parameters(): Iterable<Variable> {
    return this.optimizer.parameters;
  }

  zeroGrad(): void {
    this.optimizer.zeroGrad();
  }

  async step(): Promise<void> {
    const stepped = this.optimizer.step();
    noGrad(() => {
      const now = gt(this.#synchronizes.next(), 0);
      for (const { flat, beside } of this.#slow) {
        const [fast, slow] = [flat.now(), new Tensor(beside.whole())];
        const moved = where(now, add(slow, mul(sub(fast, slow), this.alpha)), slow);
        beside.assignWhole(moved.node);
        flat.store(where(now, moved, fast));
      }
    });
    if (recorder.capture !== null) return;
    await stepped;
    await flushPending(this.#slow[0].beside.device);
  }
}
