import { ValueError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { mul } from "../../ops/elementwise/arithmetic.ts";
import { bernoulli, Generator } from "../../ops/random/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";

export interface DropoutOptions {
  /** Decides what is dropped; without it that follows `manualSeed`. */
  readonly seed?: number;
}

/** A probability, and where its draws come from. */
export abstract class DropoutLayer extends Module {
  readonly p: number;
  readonly generator: Generator | undefined;

  /** @throws ValueError unless p lies in [0, 1] */
  constructor(name: string, p: number, options: DropoutOptions) {
    super();
    if (!(p >= 0 && p <= 1)) {
      throw new ValueError(
        `${name}: p is not a probability; got ${p}. Use a number from 0 to 1, such as 0.5.`,
      );
    }
    this.p = p;
    this.generator = options.seed === undefined ? undefined : new Generator(options.seed);
  }

  /**
   * x in evaluation; in training what `drop` makes of it where `kept`, which is of `shape` and
   * broadcasts to x, is true with probability 1 - p.
   */
  protected dropped(x: Tensor, shape: Shape, drop: (kept: Tensor) => Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    if (this.p === 1) return mul(x, 0);
    return drop(bernoulli(1 - this.p, shape, { generator: this.generator, device: x.device }));
  }

  override toString(): string {
    return repr(this, [this.p]);
  }
}
