import {
  type LocalResponseNormOptions,
  localResponseNorm,
} from "../../ops/norm/localResponseNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { checkNumber } from "./checks.ts";

const DEFAULTS = { alpha: 1e-4, beta: 0.75, k: 1 };

/**
 * y = x / (k + alpha·m)^beta, where m is the mean of x² over `size` neighbouring channels.
 * Source: Krizhevsky, Sutskever & Hinton 2012, "ImageNet classification with deep convolutional
 * neural networks", section 3.3.
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  /** @throws ValueError unless size is a whole number above 0, and the others are numbers */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkSizes("LocalResponseNorm", { size }, 1);
    const { alpha, beta, k } = { ...DEFAULTS, ...options };
    checkNumber("LocalResponseNorm", "alpha", alpha, "1e-4");
    checkNumber("LocalResponseNorm", "beta", beta, "0.75");
    checkNumber("LocalResponseNorm", "k", k, "1");
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  /** @param x [batch, channels, length, …]  @returns the same shape  @throws ShapeError */
  forward(x: Tensor): Tensor {
    const { alpha, beta, k } = this;
    return localResponseNorm(x, this.size, { alpha, beta, k });
  }

  override toString(): string {
    const { alpha, beta, k } = this;
    return repr(this, [this.size], { alpha, beta, k }, DEFAULTS);
  }
}
