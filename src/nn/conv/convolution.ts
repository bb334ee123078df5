import { ShapeError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";
import { checkGroups, commonOptions } from "../../ops/conv/checks.ts";
import { type PerAxis, perAxis } from "../../ops/conv/geometry.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type SeedOptions } from "../draws.ts";
import { biasDefault, type Initializer, layerDefault } from "../init.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { checkSizes } from "../sizes.ts";

/** What convolutions of both directions take. */
export interface ConvolutionOptions extends SeedOptions {
  /** Places from one window to the next, for all axes or for each; the default is 1. */
  readonly stride?: PerAxis;
  /** Distance between neighbours of the kernel; the default is 1. */
  readonly dilation?: PerAxis;
  /** Channels are dealt to so many independent convolutions; the default is 1. */
  readonly groups?: number;
  /** Adds a learned bias to each channel of the result; the default is true. */
  readonly bias?: boolean;
  /** Initial weight; the default is PyTorch's, U(±1/√fanIn). The bias is always drawn so. */
  readonly init?: Initializer;
}

/** A kind of convolution, as far as the layers differ. */
export interface ConvolutionKind {
  readonly name: string;
  /** Spatial axes: 1 to 3. */
  readonly axes: number;
  /** The weight is [inChannels, outChannels / groups, …], not [outChannels, inChannels / groups, …]. */
  readonly transposed: boolean;
}

/** Sizes, weight and bias of convolutions and transposed convolutions. */
export abstract class Convolution extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  /** One number for each spatial axis, as in stride and dilation. */
  readonly kernelSize: Shape;
  readonly stride: Shape;
  readonly dilation: Shape;
  readonly groups: number;
  readonly weight: Parameter;
  /** [outChannels] */
  readonly bias: Parameter | null;
  readonly #kind: ConvolutionKind;

  constructor(
    kind: ConvolutionKind,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvolutionOptions,
  ) {
    super();
    const { name, axes, transposed } = kind;
    checkSizes(name, { inChannels, outChannels }, 1);
    const { stride, dilation, groups } = commonOptions(name, options, axes);
    checkGroups(name, groups, [inChannels, outChannels]);
    this.#kind = kind;
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = perAxis(name, "kernelSize", kernelSize, axes, 1);
    this.stride = stride;
    this.dilation = dilation;
    this.groups = groups;
    const channels = transposed
      ? [inChannels, outChannels / groups]
      : [outChannels, inChannels / groups];
    const shape = [...channels, ...this.kernelSize];
    const { bias = true, init = layerDefault() } = options;
    const generator = generatorOf(options);
    this.weight = new Parameter(init(shape, { generator }), { name: "weight" });
    const draw = () => biasDefault(shape)([outChannels], { generator });
    this.bias = bias ? new Parameter(draw(), { name: "bias" }) : null;
  }

  /** @throws ShapeError unless x is [batch, inChannels, …places] or [inChannels, …places] */
  protected checkInput(x: Tensor): void {
    const { name, axes } = this.#kind;
    const at = x.rank - axes - 1;
    if ((at === 0 || at === 1) && x.shape[at] === this.inChannels) return;
    const places = ["length", "height, width", "depth, height, width"][axes - 1];
    const wanted = `${this.inChannels}, ${places}]`;
    throw new ShapeError(
      `${name}: the input is not [batch, ${wanted} or [${wanted}; got x ${show(x.shape)}, weight ` +
        `${show(this.weight.shape)}. Reshape x, or build the layer for its channels.`,
    );
  }
}
