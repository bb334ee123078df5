import { reshape } from "../../ops/movement/movement.ts";
import { instanceNormWithRunning } from "../../ops/norm/batchNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ChannelNorm, type ChannelNormConfig, type ChannelNormOptions } from "./channelNorm.ts";
import { checkInput, refuseUpdate } from "./checks.ts";

export type { ChannelNormOptions as InstanceNormLayerOptions } from "./channelNorm.ts";

const DEFAULTS: ChannelNormConfig = {
  eps: 1e-5,
  momentum: 0.1,
  affine: false,
  trackRunningStats: false,
};

abstract class InstanceNorm extends ChannelNorm {
  readonly #layer: string;
  readonly #spatial: string;

  constructor(layer: string, spatial: string, numFeatures: number, options: ChannelNormOptions) {
    super(layer, numFeatures, options, DEFAULTS);
    this.#layer = layer;
    this.#spatial = `channels, ${spatial}`;
  }

  /**
   * By the statistics of each example's own channels, whose mean over the batch goes into the
   * running ones in training, where they are kept; in evaluation then by the running ones.
   * @returns the shape of x
   * @throws ShapeError for other axes or channels; ValueError for one value per channel; GradError
   *   where running statistics would change inside `vmap`
   */
  forward(x: Tensor): Tensor {
    const forms = [this.#spatial, `batch, ${this.#spatial}`];
    const single = x.rank < forms[1]!.split(", ").length;
    checkInput(this.#layer, x, forms, this.numFeatures, single ? 0 : 1);
    const batch = single ? reshape(x, [1, ...x.shape]) : x;
    const { weight, bias, eps, runningMean, runningVar } = this;
    const useInputStats = this.training || runningMean === null;
    const updates = useInputStats && this.trackRunningStats;
    if (updates) refuseUpdate(this.#layer);
    const running = { runningMean, runningVar, momentum: this.momentum ?? 0 };
    const options = { weight, bias, eps, useInputStats, ...running };
    const made = instanceNormWithRunning(batch, options);
    if (updates) {
      this.runningMean?.assign(made.runningMean!);
      this.runningVar?.assign(made.runningVar!);
    }
    return single ? reshape(made.output, x.shape) : made.output;
  }
}

/**
 * Instance normalization of [batch, channels, length] or [channels, length]:
 * y = (x - mean) / √(variance + eps), each channel of each example by its own mean and variance.
 * With `affine` · weight + bias. The batches are not counted.
 * Source: Ulyanov et al. 2016, arXiv:1607.08022, equation 4.
 */
export class InstanceNorm1d extends InstanceNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super("InstanceNorm1d", "length", numFeatures, options);
  }
}

/** Instance normalization of images [batch, channels, height, width]; see `InstanceNorm1d`. */
export class InstanceNorm2d extends InstanceNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super("InstanceNorm2d", "height, width", numFeatures, options);
  }
}

/** Instance normalization of volumes [batch, channels, depth, height, width]. */
export class InstanceNorm3d extends InstanceNorm {
  /** @throws ValueError for a size that is no whole number, and for what is no number */
  constructor(numFeatures: number, options: ChannelNormOptions = {}) {
    super("InstanceNorm3d", "depth, height, width", numFeatures, options);
  }
}
