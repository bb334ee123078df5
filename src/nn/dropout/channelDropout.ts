import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { div } from "../../ops/elementwise/arithmetic.ts";
import { where } from "../../ops/elementwise/compare.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { DropoutLayer, type DropoutOptions } from "./dropoutLayer.ts";

/** What Dropout1d, Dropout2d and Dropout3d share. */
abstract class ChannelDropout extends DropoutLayer {
  readonly #name: string;
  readonly #axes: number;

  constructor(name: string, axes: number, p: number, options: DropoutOptions) {
    super(name, p, options);
    this.#name = name;
    this.#axes = axes;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]  @returns the same shape
   * @throws ShapeError for another number of axes
   */
  forward(x: Tensor): Tensor {
    const outer = x.rank - this.#axes;
    if (outer !== 1 && outer !== 2) throw this.#wrongRank(x);
    const shape = x.shape.map((n, d) => (d < outer ? n : 1));
    return this.dropped(x, shape, (kept) => where(kept, div(x, 1 - this.p), 0));
  }

  #wrongRank(x: Tensor): ShapeError {
    const places = ["length", "height, width", "depth, height, width"][this.#axes - 1];
    return new ShapeError(
      `${this.#name}: the input is not [batch, channels, ${places}] or [channels, ${places}]; got ` +
        `${show(x.shape)}. Use the layer for its number of axes, or Dropout.`,
    );
  }
}

/**
 * In training each channel is 0 with probability `p`, and the others are scaled by 1 / (1 - p): for
 * neighbours that are alike, of which dropping one would do nothing. In evaluation nothing changes.
 * Source: Tompson et al. 2015, arXiv:1411.4280.
 * @throws ValueError unless p lies in [0, 1]
 */
export class Dropout1d extends ChannelDropout {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("Dropout1d", 1, p, options);
  }
}

/**
 * As `Dropout1d`, for images. Three axes are one image [channels, height, width], where PyTorch
 * takes them for sequences [batch, channels, length]: `Dropout1d` is for those.
 */
export class Dropout2d extends ChannelDropout {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("Dropout2d", 2, p, options);
  }
}

/** As `Dropout1d`, for volumes. */
export class Dropout3d extends ChannelDropout {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("Dropout3d", 3, p, options);
  }
}
