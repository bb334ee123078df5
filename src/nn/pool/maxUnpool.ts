import type { Shape } from "../../core/shape.ts";
import type { PerAxis } from "../../ops/conv/geometry.ts";
import type { WindowOptions } from "../../ops/pool/geometry.ts";
import { maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../../ops/pool/unpool.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { WindowPool } from "./windowPool.ts";

export type MaxUnpoolLayerOptions = Pick<WindowOptions, "stride" | "padding">;

type MaxUnpoolFunction = typeof maxUnpool2d;

/** What MaxUnpool1d, MaxUnpool2d and MaxUnpool3d share. */
abstract class MaxUnpoolNd extends WindowPool {
  readonly #unpool: MaxUnpoolFunction;

  constructor(
    name: string,
    unpool: MaxUnpoolFunction,
    axes: number,
    kernelSize: PerAxis,
    options: MaxUnpoolLayerOptions,
  ) {
    super(name, axes, kernelSize, options);
    this.#unpool = unpool;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]
   * @param indices int32, x's shape, as MaxPool gives them with `returnIndices`
   * @param outputSize the sizes before pooling, where several lead to x's
   * @returns as many axes, each (n - 1) stride - 2 padding + kernelSize, or as outputSize says
   * @throws ShapeError, DTypeError, IndexError
   */
  forward(x: Tensor, indices: Tensor, outputSize: Shape | null = null): Tensor {
    const { stride, padding } = this;
    return this.#unpool(x, indices, this.kernelSize, { stride, padding, outputSize });
  }
}

/**
 * The inverse of `MaxPool1d` as far as there is one: each element at the place that its index
 * names, zeros elsewhere.
 */
export class MaxUnpool1d extends MaxUnpoolNd {
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super("MaxUnpool1d", maxUnpool1d, 1, kernelSize, options);
  }
}

/** As `MaxUnpool1d`, for `MaxPool2d`. */
export class MaxUnpool2d extends MaxUnpoolNd {
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super("MaxUnpool2d", maxUnpool2d, 2, kernelSize, options);
  }
}

/** As `MaxUnpool1d`, for `MaxPool3d`. */
export class MaxUnpool3d extends MaxUnpoolNd {
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super("MaxUnpool3d", maxUnpool3d, 3, kernelSize, options);
  }
}
