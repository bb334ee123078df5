import { ValueError } from "../../core/errors.ts";
import type { PerAxis } from "../../ops/conv/geometry.ts";
import { type AvgPoolOptions, avgPool1d, avgPool2d, avgPool3d } from "../../ops/pool/avgPool.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { WindowPool } from "./windowPool.ts";

type AvgPoolFunction = typeof avgPool2d;

/** What AvgPool1d, AvgPool2d and AvgPool3d share. */
export abstract class AvgPoolNd extends WindowPool {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  readonly #pool: AvgPoolFunction;

  constructor(
    name: string,
    pool: AvgPoolFunction,
    axes: number,
    kernelSize: PerAxis,
    options: AvgPoolOptions,
  ) {
    super(name, axes, kernelSize, options);
    const { countIncludePad = true, divisorOverride = null } = options;
    if (divisorOverride === 0) {
      throw new ValueError(`${name}: divisorOverride is 0. Give another number, or leave it out.`);
    }
    this.countIncludePad = countIncludePad;
    this.divisorOverride = divisorOverride;
    this.#pool = pool;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]
   * @returns as many axes, each ⌊(n + 2 padding - kernelSize) / stride⌋ + 1
   * @throws ShapeError when the input or a window does not fit; ValueError for too much padding
   */
  forward(x: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    const options = { stride, padding, ceilMode, countIncludePad, divisorOverride };
    return this.#pool(x, this.kernelSize, options);
  }

  protected override more() {
    const { countIncludePad, divisorOverride } = this;
    return [
      { countIncludePad, divisorOverride },
      { countIncludePad: true, divisorOverride: null },
    ] as const;
  }
}

/** The mean of each window of the last axis. */
export class AvgPool1d extends AvgPoolNd {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super("AvgPool1d", avgPool1d, 1, kernelSize, options);
  }
}

/** As `AvgPool1d`, over the last two axes. */
export class AvgPool2d extends AvgPoolNd {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super("AvgPool2d", avgPool2d, 2, kernelSize, options);
  }
}

/** As `AvgPool1d`, over the last three axes. */
export class AvgPool3d extends AvgPoolNd {
  constructor(kernelSize: PerAxis, options: AvgPoolOptions = {}) {
    super("AvgPool3d", avgPool3d, 3, kernelSize, options);
  }
}
