import { ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import { convTranspose1d, convTranspose2d, convTranspose3d } from "../../ops/conv/convTranspose.ts";
import { extent, type PerAxis, perAxis } from "../../ops/conv/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { repr } from "../repr.ts";
import { Convolution, type ConvolutionOptions } from "./convolution.ts";

export interface ConvTransposeLayerOptions extends ConvolutionOptions {
  /** Places that the result has less on both sides; the default is 0. */
  readonly padding?: PerAxis;
  /** Places that the result has more behind, where a stride leaves a choice; the default is 0. */
  readonly outputPadding?: PerAxis;
  /** Only zeros, as in PyTorch. */
  readonly paddingMode?: "zeros";
}

type ConvTransposeFunction = typeof convTranspose2d;

/** What ConvTranspose1d, ConvTranspose2d and ConvTranspose3d share. */
export abstract class ConvTransposeNd extends Convolution {
  readonly padding: Shape;
  readonly outputPadding: Shape;
  readonly #name: string;
  readonly #convolve: ConvTransposeFunction;

  constructor(
    name: string,
    convolve: ConvTransposeFunction,
    axes: number,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeLayerOptions,
  ) {
    super({ name, axes, transposed: true }, inChannels, outChannels, kernelSize, options);
    const { padding = 0, outputPadding = 0, paddingMode = "zeros" } = options;
    if (paddingMode !== "zeros") {
      throw new ValueError(
        `${name}: the padding is zeros only; got paddingMode "${String(paddingMode)}". Leave it out.`,
      );
    }
    this.padding = perAxis(name, "padding", padding, axes, 0);
    this.outputPadding = perAxis(name, "outputPadding", outputPadding, axes, 0);
    this.#name = name;
    this.#convolve = convolve;
  }

  /**
   * @param x [batch, inChannels, …places], or one example without the batch
   * @param outputSize the result's places, in place of what outputPadding says: its spatial axes,
   *   or all axes
   * @returns [batch, outChannels, …places], along each axis
   *   (n - 1) stride - 2 padding + dilation (kernelSize - 1) + outputPadding + 1
   * @throws ShapeError for other channels, or when nothing is left of the result
   * @throws ValueError for an outputSize that no outputPadding gives, or an outputPadding that is
   *   not smaller than the stride or the dilation
   */
  forward(x: Tensor, outputSize: Shape | null = null): Tensor {
    this.checkInput(x);
    const { stride, padding, dilation, groups } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.#missing(x, outputSize);
    const options = { stride, padding, dilation, groups, outputPadding };
    return this.#convolve(x, this.weight, this.bias, options);
  }

  /** What a result of this size has more than the smallest. */
  #missing(x: Tensor, outputSize: Shape): number[] {
    const axes = this.kernelSize.length;
    const least = this.kernelSize.map((k, d) => {
      const spread = (x.shape[x.rank - axes + d]! - 1) * this.stride[d]!;
      return spread + extent(k, this.dilation[d]!) - 2 * this.padding[d]!;
    });
    const missing = outputSize.slice(-axes).map((n, d) => n - least[d]!);
    const fits = missing.every((n, d) => Number.isInteger(n) && n >= 0 && n < this.stride[d]!);
    if (fits && (outputSize.length === axes || outputSize.length === x.rank)) return missing;
    throw new ValueError(
      `${this.#name}: outputSize is not a size that this layer can give; got ` +
        `${show(outputSize)} for x ${show(x.shape)}. Give sizes from ${show(least)} to ` +
        `${show(least.map((n, d) => n + this.stride[d]! - 1))}.`,
    );
  }

  override toString(): string {
    const { stride, padding, outputPadding, dilation, groups } = this;
    const options = {
      stride,
      padding,
      outputPadding,
      dilation,
      groups,
      bias: this.bias !== null,
    };
    const defaults = {
      stride: 1,
      padding: 0,
      outputPadding: 0,
      dilation: 1,
      groups: 1,
      bias: true,
    };
    return repr(this, [this.inChannels, this.outChannels, this.kernelSize], options, defaults);
  }
}

/**
 * Transposed convolution over one axis with a learned kernel: the input's gradient of `Conv1d` as
 * a layer. Every element is spread over the places that the kernel covers, `stride` apart. The
 * weight is [inChannels, outChannels / groups, kernelSize].
 * Source: Zeiler et al. 2010, "Deconvolutional networks".
 * @throws ValueError for sizes that are no whole numbers, or groups that do not divide the channels
 */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeLayerOptions = {},
  ) {
    super("ConvTranspose1d", convTranspose1d, 1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over height and width; see `ConvTranspose1d`. The weight is [inChannels,
 * outChannels / groups, kernelHeight, kernelWidth].
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeLayerOptions = {},
  ) {
    super("ConvTranspose2d", convTranspose2d, 2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over depth, height and width; see `ConvTranspose1d`. The weight is
 * [inChannels, outChannels / groups, kernelDepth, kernelHeight, kernelWidth].
 */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvTransposeLayerOptions = {},
  ) {
    super("ConvTranspose3d", convTranspose3d, 3, inChannels, outChannels, kernelSize, options);
  }
}
