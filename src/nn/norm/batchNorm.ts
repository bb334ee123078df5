import { add, div } from "../../ops/elementwise/arithmetic.ts";
import { cast } from "../../ops/elementwise/cast.ts";
import { batchNorm, batchNormWithRunning } from "../../ops/norm/batchNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ChannelNorm, type ChannelNormConfig, type ChannelNormOptions } from "./channelNorm.ts";
import { checkInput, refuseUpdate } from "./checks.ts";

export interface BatchNormLayerOptions extends Omit<ChannelNormOptions, "momentum"> {
  /**
   * How much of a batch's statistics goes into the running ones; the default is 0.1. With null
   * they are the average over all batches.
   */
  readonly momentum?: number | null;
}

const DEFAULTS: ChannelNormConfig = {
  eps: 1e-5,
  momentum: 0.1,
  affine: true,
  trackRunningStats: true,
};

/** What batch norms of all forms have in common. */
export abstract class BatchNorm extends ChannelNorm {
  readonly #layer: string;
  readonly #forms: readonly string[];

  constructor(
    layer: string,
    forms: readonly string[],
    numFeatures: number,
    options: BatchNormLayerOptions,
  ) {
    super(layer, numFeatures, options, DEFAULTS);
    this.#layer = layer;
    this.#forms = forms;
  }

  /**
   * In training by the batch's own statistics, which also go into the running ones (the variance
   * without bias); in evaluation by the running ones.
   * @returns the shape of x
   * @throws ShapeError for other axes or channels; ValueError for one value per channel in
   *   training; GradError where running statistics would change inside `vmap`
   */
  forward(x: Tensor): Tensor {
    checkInput(this.#layer, x, this.#forms, this.numFeatures, 1);
    const { weight, bias, eps, runningMean, runningVar, numBatchesTracked } = this;
    const training = this.training || runningMean === null;
    if (!training || numBatchesTracked === null) {
      return batchNorm(x, runningMean, runningVar, { weight, bias, eps, training });
    }
    refuseUpdate(this.#layer);
    const batches = add(numBatchesTracked, 1);
    const options = { weight, bias, eps, training, momentum: this.#share(batches) };
    const made = batchNormWithRunning(x, runningMean, runningVar, options);
    runningMean!.assign(made.runningMean!);
    runningVar!.assign(made.runningVar!);
    numBatchesTracked.assign(batches);
    return made.output;
  }

  /** The share of this batch in the running statistics. */
  #share(batches: Tensor): number | Tensor {
    return this.momentum ?? div(1, cast(batches, "float32"));
  }
}

/**
 * Batch normalization of [batch, channels] or [batch, channels, length]:
 * y = (x - mean) / √(variance + eps) · weight + bias, the mean and the variance of each channel.
 * Source: Ioffe & Szegedy 2015, arXiv:1502.03167, Algorithms 1 and 2.
 */
export class BatchNorm1d extends BatchNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm1d", ["batch, channels", "batch, channels, length"], numFeatures, options);
  }
}

/** Batch normalization of images [batch, channels, height, width]; see `BatchNorm1d`. */
export class BatchNorm2d extends BatchNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm2d", ["batch, channels, height, width"], numFeatures, options);
  }
}

/** Batch normalization of volumes [batch, channels, depth, height, width]; see `BatchNorm1d`. */
export class BatchNorm3d extends BatchNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super("BatchNorm3d", ["batch, channels, depth, height, width"], numFeatures, options);
  }
}
