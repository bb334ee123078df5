import { full, zeros } from "../../ops/creation/creation.ts";
import { add, div, mul } from "../../ops/elementwise/arithmetic.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { isFinite as finite, ge, where } from "../../ops/elementwise/compare.ts";
import { clamp } from "../../ops/elementwise/extrema.ts";
import type { Device } from "../../tensor/device.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { Variable } from "../../tensor/variable.ts";
import { gradNorms } from "../gradients/clip.ts";
import { checkBetween, checkCount } from "../schedules/scheduler.ts";

export interface LossScalerOptions {
  readonly initScale?: number;
  readonly growthFactor?: number;
  readonly backoffFactor?: number;
  /** Steps without an overflow after which the scale grows. */
  readonly growthInterval?: number;
}

/**
 * Dynamic loss scaling for float16 (Micikevicius et al. 2018, arXiv:1710.03740): gradients of a scaled
 * loss do not underflow. Where they overflow, the scale is halved; after `growthInterval` good steps
 * it doubles. All on the device: give the optimizer
 * `nonFinite: optim.skipNonFinite`, which leaves such steps out.
 *
 *     scaler.scale(loss).backward();
 *     scaler.unscale(parameters);
 *     optimizer.step();
 */
export class LossScaler {
  readonly #scale: Variable;
  readonly #good: Variable;
  readonly #options: Required<LossScalerOptions>;

  constructor(device: Device, options: LossScalerOptions = {}) {
    const all = { initScale: 2 ** 16, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2000 };
    this.#options = { ...all, ...options };
    const { initScale, growthFactor, backoffFactor, growthInterval } = this.#options;
    checkBetween("LossScaler", "initScale", initScale, Number.MIN_VALUE);
    checkBetween("LossScaler", "growthFactor", growthFactor, 1);
    checkBetween("LossScaler", "backoffFactor", backoffFactor, Number.MIN_VALUE, 1);
    checkCount("LossScaler", "growthInterval", growthInterval);
    const named = (name: string) => ({ name, inPlace: true });
    this.#scale = new Variable(full([], initScale, { device }), named("loss scale"));
    this.#good = new Variable(zeros([], { device }), named("good steps"));
  }

  /** The scale in force; a scalar on the device. */
  get current(): Tensor {
    return this.#scale;
  }

  /** The loss times the scale: call `backward()` on it. */
  scale(loss: Tensor): Tensor {
    return mul(loss, new Tensor(this.#scale.node));
  }

  /** Divides the gradients by the scale, and chooses the next one. */
  unscale(parameters: Iterable<Variable>): void {
    const list = [...parameters].filter((p) => p.grad !== null);
    const { growthFactor, backoffFactor, growthInterval } = this.#options;
    noGrad(() => {
      const scale = new Tensor(this.#scale.node);
      const inverse = div(1, scale);
      for (const p of list) p.grad = cast(mul(p.grad!, inverse), p.dtype);
      const fine = finite(gradNorms(list, Infinity).total);
      const good = where(fine, add(this.#good, 1), 0);
      const grows = ge(good, growthInterval);
      const next = where(
        fine,
        where(grows, mul(scale, growthFactor), scale),
        mul(scale, backoffFactor),
      );
      this.#scale.assign(clamp(next, 2 ** -24, 2 ** 24));
      this.#good.assign(where(grows, 0, good));
    });
  }
}
