// What the single operations compute, and on which numbers. Images are [batch, height, width,
// channels] and weights of convolutions [3, 3, in, out]; a side with another layout transposes.
import { uniformValues, type Values } from "./random.ts";

export const matmulInputs = (size: number): Values[] => [
  uniformValues([size, size], 1),
  uniformValues([size, size], 2),
];

export const batchedInputs = (batch: number, size: number): Values[] => [
  uniformValues([batch, size, size], 1),
  uniformValues([batch, size, size], 2),
];

/** y = tanh(1.5 x + 0.25) sigmoid(x) - relu(x) is computed on these. */
export const elementwiseInput = (count: number): Values => uniformValues([count], 1, -3, 3);
export const elementwise = { scale: 1.5, shift: 0.25 } as const;

export const sumInput = (count: number): Values => uniformValues([count], 1, 0, 1);

export const softmaxInput = (size: number): Values => uniformValues([size, size], 1, -3, 3);

/** Three summands of one fused launch. */
export const addInputs = (count: number): Values[] =>
  [1, 2, 3].map((seed) => uniformValues([count], seed));

export interface ConvSizes {
  readonly batch: number;
  /** Height and width. */
  readonly side: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

export const convSizes: ConvSizes = { batch: 8, side: 32, inChannels: 32, outChannels: 64 };

/** Images and weights of a convolution with a 3 x 3 kernel and padding 1. */
export const convInputs = ({ batch, side, inChannels, outChannels }: ConvSizes): Values[] => [
  uniformValues([batch, side, side, inChannels], 1),
  uniformValues([3, 3, inChannels, outChannels], 2, -0.1, 0.1),
];

/** Multiplications and additions of one direction. */
export const convFlops = ({ batch, side, inChannels, outChannels }: ConvSizes): number =>
  2 * batch * side * side * 9 * inChannels * outChannels;
