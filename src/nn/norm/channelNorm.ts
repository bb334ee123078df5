import type { Tensor } from "../../tensor/tensor.ts";
import { Variable } from "../../tensor/variable.ts";
import { ones, zeros } from "../init.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { biasOf, checkNumber, noneYet, weightOf } from "./checks.ts";

export interface ChannelNormOptions {
  /** Added to the variance; the default is 1e-5. */
  readonly eps?: number;
  /** How much of the new statistics goes into the running ones; the default is 0.1. */
  readonly momentum?: number;
  /** Learns a factor and a summand for each channel. */
  readonly affine?: boolean;
  /** Keeps running statistics, by which evaluation normalizes. */
  readonly trackRunningStats?: boolean;
}

/** A layer's options with nothing left open; a momentum of null averages all batches. */
export interface ChannelNormConfig {
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
}

const STATE_NAMES: Readonly<Record<string, string>> = {
  runningMean: "running_mean",
  runningVar: "running_var",
  numBatchesTracked: "num_batches_tracked",
};

/** What batch and instance normalization have in common: parameters and running statistics. */
export abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** [numFeatures], starts at 1 */
  readonly weight: Parameter | null;
  /** [numFeatures], starts at 0 */
  readonly bias: Parameter | null;
  /** [numFeatures], starts at 0 */
  readonly runningMean: Variable | null;
  /** [numFeatures], starts at 1 */
  readonly runningVar: Variable | null;
  /** How many batches the running statistics are of. */
  readonly numBatchesTracked: Variable | null;
  readonly #defaults: ChannelNormConfig;

  constructor(
    layer: string,
    numFeatures: number,
    options: Partial<ChannelNormConfig>,
    defaults: ChannelNormConfig,
  ) {
    super();
    const { eps = defaults.eps, momentum = defaults.momentum } = options;
    const { affine = defaults.affine, trackRunningStats = defaults.trackRunningStats } = options;
    checkSizes(layer, { numFeatures }, 0);
    checkNumber(layer, "eps", eps, "1e-5");
    if (momentum !== null) checkNumber(layer, "momentum", momentum, "0.1");
    const tracks = trackRunningStats;
    const variable = (value: Tensor, name: string) => new Variable(value, { name });
    this.#defaults = defaults;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = tracks;
    this.weight = weightOf([numFeatures], affine);
    this.bias = biasOf([numFeatures], affine);
    this.runningMean = tracks ? variable(zeros()([numFeatures]), "running_mean") : null;
    this.runningVar = tracks ? variable(ones()([numFeatures]), "running_var") : null;
    this.numBatchesTracked = tracks ? variable(noneYet(), "num_batches_tracked") : null;
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    this.runningMean?.assign(zeros()([this.numFeatures]));
    this.runningVar?.assign(ones()([this.numFeatures]));
    this.numBatchesTracked?.assign(noneYet());
  }

  protected override stateName(property: string): string {
    return STATE_NAMES[property] ?? property;
  }

  /** Weights from before PyTorch counted batches lack the count, and load all the same. */
  protected override optionalState(): readonly string[] {
    return ["num_batches_tracked"];
  }

  override toString(): string {
    const { eps, momentum, affine, trackRunningStats } = this;
    const options = { eps, momentum, affine, trackRunningStats };
    return repr(this, [this.numFeatures], options, { ...this.#defaults });
  }
}
