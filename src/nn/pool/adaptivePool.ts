import { ValueError } from "../../core/errors.ts";
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from "../../ops/pool/avgPool.ts";
import type { AdaptiveSize } from "../../ops/pool/geometry.ts";
import { adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d } from "../../ops/pool/maxPool.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import { repr } from "../repr.ts";
import type { MaxPooled } from "./maxPool.ts";

/** As many sizes as axes; null keeps the input's. */
function sizesOf(name: string, outputSize: AdaptiveSize, axes: number): (number | null)[] {
  const list = typeof outputSize === "number" ? [outputSize] : outputSize;
  const whole = list.every((n) => n === null || (Number.isInteger(n) && n >= 0));
  if (whole && list.length === axes) return [...list];
  if (whole && list.length === 1) return new Array<number | null>(axes).fill(list[0]!);
  throw new ValueError(
    `${name}: outputSize is one whole number, or one (or null) for each of the ${axes} spatial ` +
      `axes; got [${list.join(", ")}]. Give for example outputSize 1.`,
  );
}

/** What the layers share that choose their windows so that the result has a certain size. */
abstract class AdaptivePool extends Module {
  /** A size for each spatial axis; null keeps the input's. */
  readonly outputSize: readonly (number | null)[];

  constructor(name: string, axes: number, outputSize: AdaptiveSize) {
    super();
    this.outputSize = sizesOf(name, outputSize, axes);
  }

  override toString(): string {
    return repr(this, [this.outputSize]);
  }
}

/**
 * The mean of each of `outputSize` windows that cover the last axis: window o from
 * ⌊o·length/out⌋ up to ⌈(o + 1)·length/out⌉.
 */
export class AdaptiveAvgPool1d extends AdaptivePool {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool1d", 1, outputSize);
  }

  /** @param x [batch, channels, length] or [channels, length]  @throws ShapeError */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.outputSize);
  }
}

/** As `AdaptiveAvgPool1d`, over the last two axes; a size of null keeps the input's. */
export class AdaptiveAvgPool2d extends AdaptivePool {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool2d", 2, outputSize);
  }

  /** @param x [batch, channels, height, width] or [channels, height, width]  @throws ShapeError */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/** As `AdaptiveAvgPool1d`, over the last three axes. */
export class AdaptiveAvgPool3d extends AdaptivePool {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool3d", 3, outputSize);
  }

  /** @param x [batch, channels, depth, height, width] or without the batch  @throws ShapeError */
  forward(x: Tensor): Tensor {
    return adaptiveAvgPool3d(x, this.outputSize);
  }
}

export interface AdaptiveMaxPoolOptions<Indices extends boolean> {
  /** Gives `{ values, indices }`. */
  readonly returnIndices?: Indices;
}

type AdaptiveMaxPoolFunction = (x: Tensor, outputSize: AdaptiveSize, options: object) => unknown;

/** What AdaptiveMaxPool1d, AdaptiveMaxPool2d and AdaptiveMaxPool3d share. */
export abstract class AdaptiveMaxPoolNd<Indices extends boolean> extends AdaptivePool {
  readonly returnIndices: boolean;
  readonly #pool: AdaptiveMaxPoolFunction;

  constructor(
    name: string,
    pool: AdaptiveMaxPoolFunction,
    axes: number,
    outputSize: AdaptiveSize,
    options: AdaptiveMaxPoolOptions<Indices>,
  ) {
    super(name, axes, outputSize);
    this.returnIndices = options.returnIndices ?? false;
    this.#pool = pool;
  }

  /** @param x [batch, channels, …places] or [channels, …places]  @throws ShapeError */
  forward(x: Tensor): MaxPooled<Indices> {
    const { returnIndices } = this;
    return this.#pool(x, this.outputSize, { returnIndices }) as MaxPooled<Indices>;
  }

  override toString(): string {
    const { returnIndices } = this;
    return repr(this, [this.outputSize], { returnIndices }, { returnIndices: false });
  }
}

/** The largest element of each of `outputSize` windows that cover the last axis. */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions<Indices> = {}) {
    super("AdaptiveMaxPool1d", adaptiveMaxPool1d, 1, outputSize, options);
  }
}

/** As `AdaptiveMaxPool1d`, over the last two axes; a size of null keeps the input's. */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions<Indices> = {}) {
    super("AdaptiveMaxPool2d", adaptiveMaxPool2d, 2, outputSize, options);
  }
}

/** As `AdaptiveMaxPool1d`, over the last three axes. */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions<Indices> = {}) {
    super("AdaptiveMaxPool3d", adaptiveMaxPool3d, 3, outputSize, options);
  }
}
