import { ValueError } from "../core/errors.ts";
import { dropout, Generator } from "../ops/random/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

export interface DropoutOptions {
  /** Decides which elements are dropped; without it that follows `manualSeed`. */
  readonly seed?: number;
}

/**
 * In training each element is 0 with probability `p`, and the others are scaled by 1 / (1 - p);
 * in evaluation nothing changes. Other elements are dropped at every call and every replay.
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
 * overfitting".
 */
export class Dropout extends Module {
  readonly p: number;
  readonly generator: Generator | undefined;

  /** @throws ValueError unless p lies in [0, 1] */
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super();
    if (!(p >= 0 && p <= 1)) {
      throw new ValueError(
        `Dropout: p is not a probability; got ${p}. Use a number from 0 to 1, such as 0.5.`,
      );
    }
    this.p = p;
    this.generator = options.seed === undefined ? undefined : new Generator(options.seed);
  }

  /** Any shape → same shape. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training, { generator: this.generator });
  }
}
