import { add, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { flushPending, realize } from "../../tensor/realize.ts";
import { noGrad, recorder } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { type Companion, companionsOf } from "../companions.ts";
import { checkBetween } from "../schedules/scheduler.ts";
import { StepNumber } from "../stepNumber.ts";

/**
 * Averages of parameters beside the parameters: a ← a + w_t (p - a) at each `update()`, in one
 * kernel. `swap()` exchanges them with the parameters, to evaluate or save what the average gives, and
 * again to train on. The base of EMA and SWA.
 */
export class AveragedParameters {
  readonly #list: readonly Companion[];
  readonly #weight: StepNumber;
  #swapped = false;

  /** @param weightOf w_t of the t-th update, from 1 on */
  constructor(op: string, parameters: Iterable<Variable>, weightOf: (t: number) => number) {
    this.#list = companionsOf(op, parameters);
    const { device } = this.#list[0].beside;
    this.#weight = new StepNumber(device, weightOf);
    if (recorder.capture === null) realize(device, []);
  }

  /** Updates made. */
  get updates(): number {
    return this.#weight.t;
  }

  /** Whether the parameters hold the averages now. */
  get swapped(): boolean {
    return this.#swapped;
  }

  /** Takes the present parameters into the averages; call it after `optimizer.step()`. */
  update(): Promise<void> {
    noGrad(() => {
      const weight = this.#weight.next();
      for (const { flat, beside } of this.#list) {
        const [p, average] = [flat.now(), new Tensor(beside.whole())];
        beside.assignWhole(add(average, mul(weight, sub(p, average))).node);
      }
    });
    return this.#flush();
  }

  /** Exchanges averages and parameters. */
  swap(): Promise<void> {
    this.#swapped = !this.#swapped;
    noGrad(() => {
      for (const { flat, beside } of this.#list) {
        const [p, average] = [flat.now(), new Tensor(beside.whole())];
        flat.store(average);
        beside.assignWhole(p.node);
      }
    });
    return this.#flush();
  }

  /** The average of one parameter. */
  averageOf(parameter: Variable): Tensor {
    for (const { flat, beside } of this.#list) {
      const index = flat.parameters.indexOf(parameter);
      if (index >= 0) return new Tensor(beside.leaf(index));
    }
    throw new RangeError(`averageOf: "${parameter.name}" is not averaged here.`);
  }

  #flush(): Promise<void> {
    if (recorder.capture !== null) return Promise.resolve();
    return flushPending(this.#list[0].beside.device);
  }
}

/**
 * Exponential moving average of parameters (Polyak averaging as in Tarvainen & Valpola 2017,
 * arXiv:1703.01780): a ← β a + (1 - β) p. While there were few updates β is at most
 * (1 + t) / (10 + t), so that the first points are soon forgotten.
 */
export class EMA extends AveragedParameters {
  constructor(parameters: Iterable<Variable>, { decay = 0.999 }: { decay?: number } = {}) {
    checkBetween("EMA", "decay", decay, 0, 1);
    super("EMA", parameters, (t) => 1 - Math.min(decay, (1 + t) / (10 + t)));
  }
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018, arXiv:1803.05407): the plain mean of the points
 * at which `update()` is called, late in training, at a high rate. Recalibrate batch norms before
 * use: `nn.recalibrateBatchNorm(model, batches)`.
 */
export class SWA extends AveragedParameters {
  constructor(parameters: Iterable<Variable>) {
    super("SWA", parameters, (t) => 1 / t);
  }
}
