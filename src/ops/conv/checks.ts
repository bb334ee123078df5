import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { reshape } from "../movement/movement.ts";
import { type PerAxis, perAxis } from "./geometry.ts";

export interface ConvOptions {
  /** Places from one window to the next; default 1. */
  readonly stride?: PerAxis;
  /**
   * Zeros on both sides; default 0. "same" keeps the sizes (stride 1), with one zero more behind
   * where the sides cannot be equal; "valid" is 0.
   */
  readonly padding?: PerAxis | "same" | "valid";
  /** Distance between neighbours of the kernel; default 1. */
  readonly dilation?: PerAxis;
  /** Channels are dealt to so many independent convolutions; default 1. */
  readonly groups?: number;
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Zeros that the convolution in the other direction has on both sides; default 0. */
  readonly padding?: PerAxis;
  /** Places that the result has more behind, where a stride leaves a choice; default 0. */
  readonly outputPadding?: PerAxis;
}

/** An example without a batch axis gets one. @throws ShapeError for any other rank */
export function batchedInput(op: string, x: Tensor, axes: number): Tensor {
  if (x.rank === axes + 2) return x;
  if (x.rank === axes + 1) return reshape(x, [1, ...x.shape]);
  const names = ["length", "height, width", "depth, height, width"][axes - 1];
  throw new ShapeError(
    `${op}: the input has ${x.rank} axes; got shape ${show(x.shape)}. Give it the shape ` +
      `[batch, channels, ${names}], or one example [channels, ${names}].`,
  );
}

/** Both directions of a convolution: a weight of two channel axes and the spatial ones. */
export function checkWeight(op: string, weight: Tensor, axes: number): void {
  if (weight.rank === axes + 2 && weight.shape.slice(2).every((n) => n > 0)) return;
  throw new ShapeError(
    `${op}: the weight has two axes of channels and ${axes} of at least one place each; got ` +
      `shape ${show(weight.shape)}. Reshape it, or use the convolution for its number of axes.`,
  );
}

/** @throws ValueError when the groups do not divide the channels */
export function checkGroups(op: string, groups: number, channels: readonly number[]): void {
  const whole = Number.isInteger(groups) && groups > 0;
  if (whole && channels.every((n) => n % groups === 0)) return;
  throw new ValueError(
    `${op}: groups is a whole number that divides the channels of the input and of the result; ` +
      `got groups ${groups} for ${channels.join(" and ")} channels. ` +
      "Change the groups or the channels.",
  );
}

/** @throws ShapeError unless there is one bias for each channel of the result */
export function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias === null || (bias.rank === 1 && bias.shape[0] === channels)) return;
  throw new ShapeError(
    `${op}: the bias has one element for each of the ${channels} channels of the result; got ` +
      `shape ${show(bias.shape)}. Give it the shape [${channels}].`,
  );
}

/** Stride, dilation and groups, which both directions have. */
export function commonOptions(op: string, options: ConvOptions, axes: number) {
  const { stride = 1, dilation = 1, groups = 1 } = options;
  return {
    stride: perAxis(op, "stride", stride, axes, 1),
    dilation: perAxis(op, "dilation", dilation, axes, 1),
    groups,
  };
}
