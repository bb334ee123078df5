import { ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import type { ConvOptions } from "../../ops/conv/checks.ts";
import { conv1d, conv2d, conv3d } from "../../ops/conv/conv.ts";
import { extent, type PerAxis, perAxis } from "../../ops/conv/geometry.ts";
import { pad } from "../../ops/movement/pad.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { repr } from "../repr.ts";
import { Convolution, type ConvolutionOptions } from "./convolution.ts";

const paddingModes = ["zeros", "reflect", "replicate", "circular"] as const;

export type PaddingMode = (typeof paddingModes)[number];

export interface ConvLayerOptions extends ConvolutionOptions {
  /**
   * Places added on both sides, for all axes or for each; the default is 0. "same" keeps the sizes
   * (stride 1), with one place more behind where the sides cannot be equal; "valid" is 0.
   */
  readonly padding?: PerAxis | "same" | "valid";
  /** What stands in the padding: zeros (the default), or what `pad` puts there in this mode. */
  readonly paddingMode?: PaddingMode;
}

type ConvFunction = typeof conv2d;

/** What Conv1d, Conv2d and Conv3d share. */
export abstract class ConvNd extends Convolution {
  readonly padding: Shape | "same" | "valid";
  readonly paddingMode: PaddingMode;
  readonly #convolve: ConvFunction;

  constructor(
    name: string,
    convolve: ConvFunction,
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions,
  ) {
    super({ name, axes, transposed: false }, inChannels, outChannels, kernelSize, options);
    const { padding = 0, paddingMode = "zeros" } = options;
    if (!paddingModes.includes(paddingMode)) {
      throw new ValueError(
        `${name}: unknown paddingMode "${paddingMode}". Use one of ${paddingModes.join(", ")}.`,
      );
    }
    this.padding = paddingOf(name, padding, this.stride);
    this.paddingMode = paddingMode;
    this.#convolve = convolve;
  }

  /**
   * @param x [batch, inChannels, …places], or one example without the batch
   * @returns [batch, outChannels, …places], along each axis
   *   ⌊(n + 2 padding - dilation (kernelSize - 1) - 1) / stride⌋ + 1
   * @throws ShapeError for other channels, or a kernel larger than the padded input
   */
  forward(x: Tensor): Tensor {
    this.checkInput(x);
    const { stride, dilation, groups, padding, paddingMode } = this;
    const common = { stride, dilation, groups } satisfies ConvOptions;
    if (paddingMode === "zeros") {
      return this.#convolve(x, this.weight, this.bias, { ...common, padding });
    }
    const padded = pad(x, this.#sides(), { mode: paddingMode });
    return this.#convolve(padded, this.weight, this.bias, common);
  }

  /** Pairs as `pad` takes them: the last axis first. */
  #sides(): number[] {
    const { padding, kernelSize, dilation } = this;
    const pairs = kernelSize.map((k, d) => {
      if (padding === "valid") return [0, 0];
      if (padding !== "same") return [padding[d]!, padding[d]!];
      const total = extent(k, dilation[d]!) - 1;
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return pairs.reverse().flat();
  }

  override toString(): string {
    const { stride, padding, dilation, groups, paddingMode } = this;
    const options = { stride, padding, dilation, groups, bias: this.bias !== null, paddingMode };
    const defaults = {
      stride: 1,
      padding: 0,
      dilation: 1,
      groups: 1,
      bias: true,
      paddingMode: "zeros",
    };
    return repr(this, [this.inChannels, this.outChannels, this.kernelSize], options, defaults);
  }
}

function paddingOf(
  name: string,
  padding: NonNullable<ConvLayerOptions["padding"]>,
  stride: Shape,
): Shape | "same" | "valid" {
  if (typeof padding !== "string") return perAxis(name, "padding", padding, stride.length, 0);
  if (padding !== "same" && padding !== "valid") {
    throw new ValueError(
      `${name}: unknown padding; got "${padding}". Use numbers, "same" or "valid".`,
    );
  }
  if (padding === "valid" || stride.every((s) => s === 1)) return padding;
  throw new ValueError(
    `${name}: padding "same" keeps the sizes, which a stride does not; got stride ` +
      `${show(stride)}. Leave the stride out, or give the padding as numbers.`,
  );
}

/**
 * Convolution over one axis with a learned kernel: out[n, o, p] = bias[o] + Σ over c, k of
 * weight[o, c, k] x[n, c, p stride - padding + k dilation]. The weight is [outChannels,
 * inChannels / groups, kernelSize].
 * @throws ValueError for sizes that are no whole numbers, or groups that do not divide the channels
 */
export class Conv1d extends ConvNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions = {},
  ) {
    super("Conv1d", conv1d, 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over height and width; see `Conv1d`. The weight is [outChannels,
 * inChannels / groups, kernelHeight, kernelWidth].
 */
export class Conv2d extends ConvNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions = {},
  ) {
    super("Conv2d", conv2d, 2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over depth, height and width; see `Conv1d`. The weight is [outChannels,
 * inChannels / groups, kernelDepth, kernelHeight, kernelWidth].
 */
export class Conv3d extends ConvNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvLayerOptions = {},
  ) {
    super("Conv3d", conv3d, 3, inChannels, outChannels, kernelSize, options);
  }
}
