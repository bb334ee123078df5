import { ShapeError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import { add, mul } from "../../ops/elementwise/arithmetic.ts";
import { where } from "../../ops/elementwise/compare.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { DropoutLayer, type DropoutOptions } from "./dropoutLayer.ts";

/** -λα: what `selu` makes of very negative numbers. */
const LOWEST = -1.7580993408473766;

/** Dropout to SELU's lowest value. */
abstract class SelfNormalizingDropout extends DropoutLayer {
  /** x, of which what is not `kept` is the lowest value, scaled and moved to mean 0, variance 1. */
  protected normalized(x: Tensor, shape: Shape): Tensor {
    const { p } = this;
    const scale = 1 / Math.sqrt((1 - p) * (1 + p * LOWEST * LOWEST));
    const shift = -scale * LOWEST * p;
    return this.dropped(x, shape, (kept) => {
      return where(kept, add(mul(x, scale), shift), scale * LOWEST + shift);
    });
  }
}

/**
 * Dropout for networks of `SELU`: in training each element takes SELU's lowest value with
 * probability `p`; all are then scaled and moved so that mean 0 and variance 1 stay. In evaluation
 * nothing changes. Source: Klambauer et al. 2017, arXiv:1706.02515.
 * @throws ValueError unless p lies in [0, 1]
 */
export class AlphaDropout extends SelfNormalizingDropout {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("AlphaDropout", p, options);
  }

  /** Any shape → same shape. */
  forward(x: Tensor): Tensor {
    return this.normalized(x, x.shape);
  }
}

/** As `AlphaDropout`, of whole channels. @throws ValueError unless p lies in [0, 1] */
export class FeatureAlphaDropout extends SelfNormalizingDropout {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("FeatureAlphaDropout", p, options);
  }

  /** @param x [batch, channels, …]  @returns the same shape  @throws ShapeError for fewer axes */
  forward(x: Tensor): Tensor {
    if (x.rank < 2) {
      throw new ShapeError(
        `FeatureAlphaDropout: the input is not [batch, channels, …]; got ${show(x.shape)}. ` +
          "Reshape it, or use AlphaDropout.",
      );
    }
    return this.normalized(
      x,
      x.shape.map((n, d) => (d < 2 ? n : 1)),
    );
  }
}
