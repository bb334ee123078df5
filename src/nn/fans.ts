import { ShapeError, ValueError } from "../core/errors.ts";
import { type Shape, show, sizeOf } from "../core/shape.ts";

/** What follows a layer, as far as the size of its initial weights depends on it. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

const gains: Readonly<Record<Nonlinearity, (slope: number) => number>> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  convTranspose1d: () => 1,
  convTranspose2d: () => 1,
  convTranspose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope * slope)),
  selu: () => 3 / 4,
};

/** The factor that keeps the variance through a nonlinearity; `slope` is leakyRelu's. */
export function gain(nonlinearity: Nonlinearity, slope = 0.01): number {
  const of = gains[nonlinearity];
  if (of !== undefined) return of(slope);
  throw new ValueError(
    `gain: unknown nonlinearity; got "${nonlinearity}". Use one of ${Object.keys(gains).join(", ")}.`,
  );
}

export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Inputs and outputs that one unit is connected to: a weight is [out, in, ...kernel]. */
export function fans(shape: Shape): Fans {
  if (shape.length < 2) {
    throw new ShapeError(
      `fans: a weight has at least the axes [out, in]; got ${show(shape)}. ` +
        "Use uniform, normal or constant for biases.",
    );
  }
  const kernel = sizeOf(shape.slice(2));
  return { fanIn: shape[1]! * kernel, fanOut: shape[0]! * kernel };
}
