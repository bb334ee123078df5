import { backward } from "../../autodiff/backward.ts";
import { CompileError } from "../../core/errors.ts";
import { div } from "../../ops/elementwise/arithmetic.ts";
import { recorder } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount } from "../schedules/scheduler.ts";
import type { Steppable } from "./steppable.ts";

/**
 * Gradient accumulation: a step for every `every` batches, as if they were one. `backward(loss)` adds
 * the gradient of loss / every; `step()` steps, and forgets the gradients, after the last of them.
 */
export class GradientAccumulation<T extends Steppable> {
  readonly optimizer: T;
  readonly every: number;
  #batches = 0;

  constructor(optimizer: T, every: number) {
    checkCount("GradientAccumulation", "every", every);
    this.optimizer = optimizer;
    this.every = every;
  }

  backward(loss: Tensor): void {
    backward(div(loss, this.every));
  }

  /** @returns whether the optimizer stepped */
  async step(): Promise<boolean> {
    if (recorder.capture !== null) {
      throw new CompileError(
        "GradientAccumulation: only some calls step, and a compiled function does the same at each. " +
          "Compile the backward pass, and call step() outside; or loop over the batches inside.",
      );
    }
    this.#batches++;
    if (this.#batches % this.every !== 0) return false;
    await this.optimizer.step();
    this.optimizer.zeroGrad();
    return true;
  }
}
