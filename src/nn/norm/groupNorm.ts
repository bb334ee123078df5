import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { groupNorm } from "../../ops/norm/layerNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { biasOf, checkNumber, weightOf } from "./checks.ts";

export interface GroupNormOptions {
  /** Added to the variance; the default is 1e-5. */
  readonly eps?: number;
  /** Learns a factor and a summand for each channel; the default is true. */
  readonly affine?: boolean;
}

/**
 * Group normalization: y = (x - mean) / √(variance + eps) · weight + bias, the mean and the
 * variance of each example over neighbouring channels, in `numGroups` groups, and all places.
 * Source: Wu & He 2018, arXiv:1803.08494, section 3.
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  /** [numChannels], starts at 1 */
  readonly weight: Parameter | null;
  /** [numChannels], starts at 0 */
  readonly bias: Parameter | null;

  /** @throws ValueError when the groups do not divide the channels, or eps is not a number */
  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super();
    const { eps = 1e-5, affine = true } = options;
    checkSizes("GroupNorm", { numGroups, numChannels }, 1);
    checkNumber("GroupNorm", "eps", eps, "1e-5");
    if (numChannels % numGroups !== 0) {
      throw new ValueError(
        `GroupNorm: ${numGroups} groups do not divide ${numChannels} channels; got ` +
          `(${numGroups}, ${numChannels}). Use a divisor of ${numChannels}.`,
      );
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = weightOf([numChannels], affine);
    this.bias = biasOf([numChannels], affine);
  }

  /** @param x [batch, numChannels, …]  @returns the same shape  @throws ShapeError */
  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    if (x.rank < 2 || x.shape[1] !== this.numChannels) {
      throw new ShapeError(
        `GroupNorm: the input is not [batch, ${this.numChannels} channels, …]; got ` +
          `${show(x.shape)}. Reshape it, or build the layer with its number of channels.`,
      );
    }
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }

  override toString(): string {
    const { eps, affine } = this;
    const sizes = [this.numGroups, this.numChannels];
    return repr(this, sizes, { eps, affine }, { eps: 1e-5, affine: true });
  }
}
