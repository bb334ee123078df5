import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../ops/conv/shuffle.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";
import { checkSizes } from "./sizes.ts";

/**
 * Channels to places: out[c, y r + i, x r + j] = x[c r² + i r + j, y, x].
 * Source: Shi et al. 2016, arXiv:1609.05158.
 */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;

  /** @throws ValueError unless the factor is a whole number of at least 1 */
  constructor(upscaleFactor: number) {
    super();
    checkSizes("PixelShuffle", { upscaleFactor }, 1);
    this.upscaleFactor = upscaleFactor;
  }

  /**
   * @param x [..., channels r², height, width]  @returns [..., channels, height r, width r]
   * @throws ShapeError when r² does not divide the channels
   */
  forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }

  override toString(): string {
    return repr(this, [this.upscaleFactor]);
  }
}

/** Places to channels: the inverse of `PixelShuffle`. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;

  /** @throws ValueError unless the factor is a whole number of at least 1 */
  constructor(downscaleFactor: number) {
    super();
    checkSizes("PixelUnshuffle", { downscaleFactor }, 1);
    this.downscaleFactor = downscaleFactor;
  }

  /**
   * @param x [..., channels, height r, width r]  @returns [..., channels r², height, width]
   * @throws ShapeError when r does not divide height and width
   */
  forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }

  override toString(): string {
    return repr(this, [this.downscaleFactor]);
  }
}

/**
 * Deals the channels of all groups in turn: channel i of group g goes to place i groups + g.
 * Source: Zhang et al. 2017, arXiv:1707.01083.
 */
export class ChannelShuffle extends Module {
  readonly groups: number;

  /** @throws ValueError unless groups is a whole number of at least 1 */
  constructor(groups: number) {
    super();
    checkSizes("ChannelShuffle", { groups }, 1);
    this.groups = groups;
  }

  /** @param x [batch, channels, ...]  @throws ShapeError when groups do not divide the channels */
  forward(x: Tensor): Tensor {
    return channelShuffle(x, this.groups);
  }

  override toString(): string {
    return repr(this, [this.groups]);
  }
}
