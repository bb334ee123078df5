import { ValueError } from "../../core/errors.ts";
import { celu, elu, leakyRelu, relu6, selu } from "../../ops/elementwise/activations.ts";
import { relu } from "../../ops/elementwise/extrema.ts";
import { prelu, rrelu } from "../../ops/elementwise/gated.ts";
import { Generator } from "../../ops/random/generator.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { constant } from "../init.ts";
import { Parameter } from "../parameter.ts";
import { checkSizes } from "../sizes.ts";
import { Activation } from "./activation.ts";

/** max(x, 0). */
export class ReLU extends Activation {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** min(max(x, 0), 6). */
export class ReLU6 extends Activation {
  forward(x: Tensor): Tensor {
    return relu6(x);
  }
}

/** x where x > 0, else negativeSlope · x. */
export class LeakyReLU extends Activation {
  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }

  protected override args() {
    return [this.negativeSlope];
  }
}

/**
 * x where x > 0, else weight · x with a learned weight for all, or for each channel (axis 1).
 * Source: He et al. 2015, arXiv:1502.01852.
 */
export class PReLU extends Activation {
  /** [numParameters] */
  readonly weight: Parameter;

  /** @throws ValueError unless numParameters is a whole number of at least 1 */
  constructor(numParameters = 1, options: { readonly init?: number } = {}) {
    super();
    checkSizes("PReLU", { numParameters }, 1);
    const { init = 0.25 } = options;
    this.weight = new Parameter(constant(init)([numParameters]), { name: "weight" });
  }

  /** @param x [batch, channels, …], or any shape for one weight  @throws ShapeError */
  forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  protected override args() {
    return [this.weight.size];
  }
}

/**
 * x where x > 0, else r · x: in training r is drawn for each element from [lower, upper), in
 * evaluation it is their mean. Source: Xu et al. 2015, arXiv:1505.00853.
 */
export class RReLU extends Activation {
  readonly lower: number;
  readonly upper: number;
  readonly generator: Generator | undefined;

  /**
   * Slopes follow `manualSeed` unless there is a seed.
   * @throws ValueError unless lower ≤ upper
   */
  constructor(lower = 1 / 8, upper = 1 / 3, options: { readonly seed?: number } = {}) {
    super();
    if (!(lower <= upper)) {
      throw new ValueError(
        `RReLU: the lower slope is above the upper; got ${lower} and ${upper}. Exchange them.`,
      );
    }
    this.lower = lower;
    this.upper = upper;
    this.generator = options.seed === undefined ? undefined : new Generator(options.seed);
  }

  forward(x: Tensor): Tensor {
    const { lower, upper, training, generator } = this;
    return rrelu(x, { lower, upper, training, generator });
  }

  protected override args() {
    return [this.lower, this.upper];
  }
}

/** x where x > 0, else alpha (eˣ - 1). Source: Clevert et al. 2015, arXiv:1511.07289. */
export class ELU extends Activation {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }

  protected override args() {
    return [this.alpha];
  }
}

/** x where x > 0, else alpha (e^(x/alpha) - 1). Source: Barron 2017, arXiv:1704.07483. */
export class CELU extends Activation {
  readonly alpha: number;

  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }

  forward(x: Tensor): Tensor {
    return celu(x, this.alpha);
  }

  protected override args() {
    return [this.alpha];
  }
}

/** λ elu(x, α) with λ = 1.0507, α = 1.6733. Source: Klambauer et al. 2017, arXiv:1706.02515. */
export class SELU extends Activation {
  forward(x: Tensor): Tensor {
    return selu(x);
  }
}
