import { ValueError } from "../../core/errors.ts";
import type { PerAxis } from "../../ops/conv/geometry.ts";
import { lpPool1d, lpPool2d, lpPool3d } from "../../ops/pool/avgPool.ts";
import type { WindowOptions } from "../../ops/pool/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { WindowPool } from "./windowPool.ts";

export type LPPoolOptions = Pick<WindowOptions, "stride" | "ceilMode">;

type LPPoolFunction = typeof lpPool2d;

/** What LPPool1d, LPPool2d and LPPool3d share. */
abstract class LPPoolNd extends WindowPool {
  readonly normType: number;
  readonly #pool: LPPoolFunction;

  constructor(
    name: string,
    pool: LPPoolFunction,
    axes: number,
    normType: number,
    kernelSize: PerAxis,
    options: LPPoolOptions,
  ) {
    super(name, axes, kernelSize, { ...options, padding: 0 });
    if (!(normType > 0) || normType === Number.POSITIVE_INFINITY) {
      throw new ValueError(
        `${name}: normType is not above 0 and finite; got ${normType}. Use 2, or MaxPool${axes}d.`,
      );
    }
    this.normType = normType;
    this.#pool = pool;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]
   * @returns as many axes, each ⌊(n - kernelSize) / stride⌋ + 1
   * @throws ShapeError when the input or a window does not fit
   */
  forward(x: Tensor): Tensor {
    const { stride, ceilMode } = this;
    return this.#pool(x, this.normType, this.kernelSize, { stride, ceilMode });
  }

  protected override args() {
    return [this.normType, this.kernelSize];
  }
}

/** (Σ xᵖ)^(1/p) of each window of the last axis, p = normType. */
export class LPPool1d extends LPPoolNd {
  constructor(normType: number, kernelSize: PerAxis, options: LPPoolOptions = {}) {
    super("LPPool1d", lpPool1d, 1, normType, kernelSize, options);
  }
}

/** As `LPPool1d`, over the last two axes. */
export class LPPool2d extends LPPoolNd {
  constructor(normType: number, kernelSize: PerAxis, options: LPPoolOptions = {}) {
    super("LPPool2d", lpPool2d, 2, normType, kernelSize, options);
  }
}

/** As `LPPool1d`, over the last three axes. */
export class LPPool3d extends LPPoolNd {
  constructor(normType: number, kernelSize: PerAxis, options: LPPoolOptions = {}) {
    super("LPPool3d", lpPool3d, 3, normType, kernelSize, options);
  }
}
