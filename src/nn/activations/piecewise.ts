import { ValueError } from "../../core/errors.ts";
import { hardsigmoid, hardswish, hardtanh } from "../../ops/elementwise/activations.ts";
import { hardshrink, softshrink, threshold } from "../../ops/elementwise/shrink.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Activation } from "./activation.ts";

/** min(max(x, low), high). */
export class Hardtanh extends Activation {
  readonly low: number;
  readonly high: number;

  /** @throws ValueError unless low < high */
  constructor(low = -1, high = 1) {
    super();
    if (!(low < high)) {
      throw new ValueError(
        `Hardtanh: low is not below high; got ${low} and ${high}. Give low < high.`,
      );
    }
    this.low = low;
    this.high = high;
  }

  forward(x: Tensor): Tensor {
    return hardtanh(x, this.low, this.high);
  }

  protected override args() {
    return [this.low, this.high];
  }
}

/** min(max(x / 6 + ½, 0), 1). */
export class Hardsigmoid extends Activation {
  forward(x: Tensor): Tensor {
    return hardsigmoid(x);
  }
}

/** x · min(max(x / 6 + ½, 0), 1). Source: Howard et al. 2019, arXiv:1905.02244. */
export class Hardswish extends Activation {
  forward(x: Tensor): Tensor {
    return hardswish(x);
  }
}

/** x, but 0 where |x| ≤ lambda. */
export class Hardshrink extends Activation {
  readonly lambda: number;

  constructor(lambda = 0.5) {
    super();
    this.lambda = lambda;
  }

  forward(x: Tensor): Tensor {
    return hardshrink(x, this.lambda);
  }

  protected override args() {
    return [this.lambda];
  }
}

/** x moved towards 0 by lambda, and 0 where |x| ≤ lambda. */
export class Softshrink extends Activation {
  readonly lambda: number;

  /** @throws ValueError for a negative lambda */
  constructor(lambda = 0.5) {
    super();
    if (!(lambda >= 0)) {
      throw new ValueError(`Softshrink: lambda is negative; got ${lambda}. Use 0 or more.`);
    }
    this.lambda = lambda;
  }

  forward(x: Tensor): Tensor {
    return softshrink(x, this.lambda);
  }

  protected override args() {
    return [this.lambda];
  }
}

/** x where x > threshold, else value. */
export class Threshold extends Activation {
  readonly threshold: number;
  readonly value: number;

  constructor(threshold: number, value: number) {
    super();
    this.threshold = threshold;
    this.value = value;
  }

  forward(x: Tensor): Tensor {
    return threshold(x, this.threshold, this.value);
  }

  protected override args() {
    return [this.threshold, this.value];
  }
}
