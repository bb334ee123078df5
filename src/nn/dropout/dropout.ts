import { dropout } from "../../ops/random/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { DropoutLayer, type DropoutOptions } from "./dropoutLayer.ts";

/**
 * In training each element is 0 with probability `p`, and the others are scaled by 1 / (1 - p);
 * in evaluation nothing changes. Other elements are dropped at every call and every replay.
 * Source: Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
 * overfitting".
 */
export class Dropout extends DropoutLayer {
  constructor(p = 0.5, options: DropoutOptions = {}) {
    super("Dropout", p, options);
  }

  /** Any shape → same shape. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training, { generator: this.generator });
  }
}
