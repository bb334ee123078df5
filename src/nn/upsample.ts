import { ValueError } from "../core/errors.ts";
import { type InterpolateOptions, interpolate } from "../ops/resample/interpolate.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";
import { repr } from "./repr.ts";

export type UpsampleOptions = Omit<InterpolateOptions, "antialias">;

/** Either the new sizes or the factors. */
export type UpsamplingOptions = Pick<InterpolateOptions, "size" | "scaleFactor">;

/** Resamples the spatial axes to `size`, or by `scaleFactor`; see `interpolate`. */
export class Upsample extends Module {
  readonly options: UpsampleOptions;

  /** @throws ValueError unless there is either a size or a scaleFactor */
  constructor(options: UpsampleOptions) {
    super();
    const { size = null, scaleFactor = null } = options;
    if ((size === null) === (scaleFactor === null)) {
      throw new ValueError(
        `Upsample: give either size or scaleFactor; got ${size === null ? "neither" : "both"}. ` +
          "For example { scaleFactor: 2 }.",
      );
    }
    this.options = { ...options };
  }

  /**
   * @param x [batch, channels, …1 to 3 spatial axes]  @returns as many axes
   * @throws ShapeError, ValueError for an input or options that do not fit the mode
   */
  forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  override toString(): string {
    return repr(this, [], this.options, { size: null, scaleFactor: null, alignCorners: null });
  }
}

/** `Upsample` of images that repeats the nearest element. */
export class UpsamplingNearest2d extends Upsample {
  constructor({ size = null, scaleFactor = null }: UpsamplingOptions) {
    super({ size, scaleFactor, mode: "nearest" });
  }
}

/** `Upsample` of images that mixes the nearest four elements, with `alignCorners`. */
export class UpsamplingBilinear2d extends Upsample {
  constructor({ size = null, scaleFactor = null }: UpsamplingOptions) {
    super({ size, scaleFactor, mode: "bilinear", alignCorners: true });
  }
}
