import { ValueError } from "../../core/errors.ts";
import { full } from "../../ops/creation/creation.ts";
import { iota } from "../../ops/creation/iota.ts";
import { mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { eq, isFinite as finite, where } from "../../ops/elementwise/compare.ts";
import { floor } from "../../ops/elementwise/rounding.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import { sort } from "../../ops/sort/sort.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Variable } from "../../tensor/variable.ts";
import { checkBetween, checkCount } from "../schedules/scheduler.ts";
import { StepNumber } from "../stepNumber.ts";
import { clipGradNorm, type GradientNorms, gradNorms } from "./clip.ts";

/**
 * Clips by a percentile of the norms seen so far (AutoClip; Seetharaman et al. 2020,
 * arXiv:2007.14469): no threshold to choose, only how unusual a gradient may be. The history is a
 * ring on the device; nothing is read back.
 */
export class PercentileClip {
  readonly percentile: number;
  readonly #parameters: readonly Variable[];
  readonly #history: Variable;
  readonly #place: StepNumber;

  /** @param percentile from 0 to 100; 10 in the paper */
  constructor(
    parameters: Iterable<Variable>,
    { percentile = 10, window = 256 }: { percentile?: number; window?: number } = {},
  ) {
    checkBetween("PercentileClip", "percentile", percentile, 0, 100);
    checkCount("PercentileClip", "window", window);
    this.percentile = percentile;
    this.#parameters = [...parameters];
    if (this.#parameters.length === 0) {
      throw new ValueError("PercentileClip: no parameters. Pass model.parameters().");
    }
    const { device } = this.#parameters[0];
    const empty = full([window], Infinity, { device });
    this.#history = new Variable(empty, { name: "norms of gradients", inPlace: true });
    this.#place = new StepNumber(device, (t) => (t - 1) % window);
  }

  /** Call it after `backward()`. @returns the norms from before clipping */
  clip(): GradientNorms {
    return noGrad(() => {
      const { total } = gradNorms(this.#parameters);
      const here = eq(cast(this.#places(), "float32"), this.#place.next());
      // Infinity marks what was not seen yet, and norms that say nothing about what is usual.
      const norm = where(finite(total), total, Infinity);
      const seen = where(here, norm, this.#history);
      this.#history.assign(seen);
      return clipGradNorm(this.#parameters, this.#percentileOf(seen));
    });
  }

  /** The largest norm that at most so many percent of the others are below. */
  #percentileOf(seen: Tensor): Tensor {
    const count = sum(cast(finite(seen), "float32"));
    const rank = floor(mul(sub(count, 1), this.percentile / 100));
    const chosen = eq(cast(this.#places(), "float32"), rank);
    return sum(where(chosen, sort(seen).values, 0));
  }

  #places(): Tensor {
    return iota(this.#history.size, this.#history.device);
  }
}
