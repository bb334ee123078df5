import { ValueError } from "../../core/errors.ts";
import { gelu, logSigmoid, mish, silu, softplus } from "../../ops/elementwise/activations.ts";
import { sigmoid, tanh } from "../../ops/elementwise/elementwise.ts";
import { softsign, tanhshrink } from "../../ops/elementwise/shrink.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { repr } from "../repr.ts";
import { Activation } from "./activation.ts";

export interface GELUOptions {
  /** "tanh" for the formula with tanh; the default "none" is exact. */
  readonly approximate?: "none" | "tanh";
}

/**
 * x · Φ(x) with the normal distribution function Φ, or its approximation
 * ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Source: Hendrycks & Gimpel 2016, arXiv:1606.08415.
 */
export class GELU extends Activation {
  readonly approximate: "none" | "tanh";

  /** @throws ValueError for an unknown approximation */
  constructor({ approximate = "none" }: GELUOptions = {}) {
    super();
    if (approximate !== "none" && approximate !== "tanh") {
      throw new ValueError(
        `GELU: unknown approximation; got "${String(approximate)}". Use "none" or "tanh".`,
      );
    }
    this.approximate = approximate;
  }

  forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }

  override toString(): string {
    return repr(this, [], { approximate: this.approximate }, { approximate: "none" });
  }
}

/** x / (1 + e⁻ˣ), also called swish. Source: Elfwing et al. 2017, arXiv:1702.03118. */
export class SiLU extends Activation {
  forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** x tanh(ln(1 + eˣ)). Source: Misra 2019, arXiv:1908.08681. */
export class Mish extends Activation {
  forward(x: Tensor): Tensor {
    return mish(x);
  }
}

/** ln(1 + e^(beta x)) / beta, but x itself where beta x > threshold. */
export class Softplus extends Activation {
  readonly beta: number;
  readonly threshold: number;

  constructor(beta = 1, threshold = 20) {
    super();
    this.beta = beta;
    this.threshold = threshold;
  }

  forward(x: Tensor): Tensor {
    return softplus(x, this.beta, this.threshold);
  }

  protected override args() {
    return [this.beta, this.threshold];
  }
}

/** x / (1 + |x|). */
export class Softsign extends Activation {
  forward(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** 1 / (1 + e⁻ˣ). */
export class Sigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** -ln(1 + e⁻ˣ). */
export class LogSigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}

/** tanh x. */
export class Tanh extends Activation {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** x - tanh x. */
export class Tanhshrink extends Activation {
  forward(x: Tensor): Tensor {
    return tanhshrink(x);
  }
}
