import type { Shape } from "../../core/shape.ts";
import { type PerAxis, perAxis } from "../../ops/conv/geometry.ts";
import type { WindowOptions } from "../../ops/pool/geometry.ts";
import { maxPool1d, maxPool2d, maxPool3d } from "../../ops/pool/maxPool.ts";
import type { ValuesAndIndices } from "../../ops/scan/scans.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { WindowPool } from "./windowPool.ts";

/** Values alone, or with the places they come from. */
export type MaxPooled<Indices extends boolean> = Indices extends true ? ValuesAndIndices : Tensor;

export interface MaxPoolLayerOptions<Indices extends boolean> extends WindowOptions {
  /** Gives `{ values, indices }`, which MaxUnpool takes; such a layer stands in no Sequential. */
  readonly returnIndices?: Indices;
}

type MaxPoolFunction = (x: Tensor, kernelSize: PerAxis, options: object) => unknown;

/** What MaxPool1d, MaxPool2d and MaxPool3d share. */
export abstract class MaxPoolNd<Indices extends boolean> extends WindowPool {
  readonly dilation: Shape;
  readonly returnIndices: boolean;
  readonly #pool: MaxPoolFunction;

  constructor(
    name: string,
    pool: MaxPoolFunction,
    axes: number,
    kernelSize: PerAxis,
    options: MaxPoolLayerOptions<Indices>,
  ) {
    super(name, axes, kernelSize, options);
    this.dilation = perAxis(name, "dilation", options.dilation ?? 1, axes, 1);
    this.returnIndices = options.returnIndices ?? false;
    this.#pool = pool;
  }

  /**
   * @param x [batch, channels, …places] or [channels, …places]
   * @returns as many axes, each ⌊(n + 2 padding - dilation (kernelSize - 1) - 1) / stride⌋ + 1
   * @throws ShapeError when the input or a window does not fit; ValueError for too much padding
   */
  forward(x: Tensor): MaxPooled<Indices> {
    const { stride, padding, dilation, ceilMode, returnIndices } = this;
    const options = { stride, padding, dilation, ceilMode, returnIndices };
    return this.#pool(x, this.kernelSize, options) as MaxPooled<Indices>;
  }

  protected override more() {
    const { dilation, returnIndices } = this;
    return [
      { dilation, returnIndices },
      { dilation: 1, returnIndices: false },
    ] as const;
  }
}

/** The largest element of each window of the last axis; a NaN counts as the largest. */
export class MaxPool1d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super("MaxPool1d", maxPool1d, 1, kernelSize, options);
  }
}

/** As `MaxPool1d`, over the last two axes. */
export class MaxPool2d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super("MaxPool2d", maxPool2d, 2, kernelSize, options);
  }
}

/** As `MaxPool1d`, over the last three axes. */
export class MaxPool3d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super("MaxPool3d", maxPool3d, 3, kernelSize, options);
  }
}
