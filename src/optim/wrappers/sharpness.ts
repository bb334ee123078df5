import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { add, div, mul, square } from "../../ops/elementwise/arithmetic.ts";
import { sqrt } from "../../ops/elementwise/elementwise.ts";
import { abs } from "../../ops/elementwise/extrema.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { checkBetween } from "../schedules/scheduler.ts";
import type { Steppable } from "./steppable.ts";

/**
 * Sharpness-aware minimization (Foret et al. 2021, arXiv:2010.01412, Algorithm 1) around any
 * optimizer: the gradient is taken at p + ρ g / ‖g‖, the worst point near by, and the step is made
 * from p. `step(closure)` evaluates the closure twice.
 */
export class SAM<T extends Steppable> {
  readonly optimizer: T;
  readonly rho: number;

  constructor(optimizer: T, { rho = 0.05 }: { rho?: number } = {}) {
    checkBetween("SAM", "rho", rho, 0);
    this.optimizer = optimizer;
    this.rho = rho;
  }

  /**
   * @param closure zeroes gradients, records the loss, calls `backward()` and returns the loss
   * @returns the loss at p, and what the optimizer's step returns
   */
  step(closure: () => Tensor): { readonly loss: Tensor; readonly done: Promise<void> } {
    const loss = closure();
    if (!(loss instanceof Tensor)) {
      throw new ShapeError(
        `SAM: the closure returns no loss; got ${String(loss)}. Return the scalar that backward was ` +
          "called on; an async closure does not fit here.",
      );
    }
    if (loss.size !== 1) {
      throw new ShapeError(
        `SAM: the closure returns no scalar; got ${show(loss.shape)}. Return the mean over the batch.`,
      );
    }
    const parameters = [...this.optimizer.parameters].filter((p) => p.grad !== null);
    // Values of their own: the parameters themselves are about to change.
    const before = parameters.map((p) => noGrad(() => add(p, 0)));
    noGrad(() => this.#climb(parameters, before));
    closure();
    noGrad(() => {
      parameters.forEach((p, i) => {
        p.assign(before[i]);
      });
    });
    return { loss, done: this.optimizer.step() };
  }

  /** What a coordinate's size counts for: nothing here, |p| in ASAM. */
  protected scaleOf(_p: Tensor): Tensor | number {
    return 1;
  }

  #climb(parameters: readonly Variable[], before: readonly Tensor[]): void {
    const scaled = parameters.map((p, i) => mul(p.grad!, this.scaleOf(before[i])));
    const norm = sqrt(scaled.map((g) => sum(square(g))).reduce((a, b) => add(a, b)));
    const factor = div(this.rho, add(norm, 1e-12));
    parameters.forEach((p, i) => {
      p.assign(add(before[i], mul(mul(scaled[i], this.scaleOf(before[i])), factor)));
    });
  }
}

/**
 * Adaptive SAM (Kwon et al. 2021, arXiv:2102.11600): the neighbourhood is measured in units of each
 * weight, ε = ρ T² g / ‖T g‖ with T = |p| + η, so that scaling weights does not change sharpness.
 */
export class ASAM<T extends Steppable> extends SAM<T> {
  readonly eta: number;

  constructor(optimizer: T, { rho = 0.5, eta = 0.01 }: { rho?: number; eta?: number } = {}) {
    super(optimizer, { rho });
    checkBetween("ASAM", "eta", eta, 0);
    this.eta = eta;
  }

  protected override scaleOf(p: Tensor): Tensor {
    return add(abs(p), this.eta);
  }
}
