import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { glu } from "../../ops/elementwise/gated.ts";
import { logSoftmax, softmax, softmin } from "../../ops/reduce/softmax.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Activation } from "./activation.ts";

/** Activations along an axis, the last one unless another is given. */
abstract class AlongAxis extends Activation {
  readonly axis: number;

  constructor(axis = -1) {
    super();
    this.axis = axis;
  }

  protected override args() {
    return [this.axis];
  }
}

/** e^xᵢ / Σⱼ e^xⱼ along an axis. @throws ShapeError at the call for an unknown axis */
export class Softmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmax(x, this.axis);
  }
}

/** xᵢ - ln Σⱼ e^xⱼ along an axis. @throws ShapeError at the call for an unknown axis */
export class LogSoftmax extends AlongAxis {
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.axis);
  }
}

/** e^-xᵢ / Σⱼ e^-xⱼ along an axis. @throws ShapeError at the call for an unknown axis */
export class Softmin extends AlongAxis {
  forward(x: Tensor): Tensor {
    return softmin(x, this.axis);
  }
}

/** The softmax of the channels at each place of an image. */
export class Softmax2d extends Activation {
  /** @param x [batch, channels, height, width] or [channels, height, width]  @throws ShapeError */
  forward(x: Tensor): Tensor {
    if (x.rank === 3 || x.rank === 4) return softmax(x, -3);
    throw new ShapeError(
      `Softmax2d: the input is not [batch, channels, height, width] or [channels, height, ` +
        `width]; got ${show(x.shape)}. Reshape it, or use Softmax(axis).`,
    );
  }
}

/**
 * a σ(b) of the two halves of x along an axis, which becomes half as long.
 * Source: Dauphin et al. 2016, arXiv:1612.08083.
 * @throws ShapeError at the call for an unknown axis or an odd size
 */
export class GLU extends AlongAxis {
  forward(x: Tensor): Tensor {
    return glu(x, this.axis);
  }
}
