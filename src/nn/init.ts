import { ValueError } from "../core/errors.ts";
import { type Shape, sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { normalOnHost, type SeedOptions, uniformOnHost } from "./draws.ts";
import { fans, gain, type Nonlinearity } from "./fans.ts";

/**
 * Initial values of a parameter. Layers take one (`new Linear(2, 3, { init: init.xavierUniform() })`);
 * a parameter that exists is set by `p.assign(init.normal()(p.shape, { seed: 0 }))`. Numbers are
 * drawn on the host, so that a seed means the same weights on every device.
 */
export type Initializer = (shape: Shape, options?: SeedOptions) => Tensor;

/** All elements are `value`. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    tensor(new Float32Array(sizeOf(shape)).fill(value), { shape });

export const zeros = (): Initializer => constant(0);

export const ones = (): Initializer => constant(1);

/** Evenly from [low, high). */
export const uniform =
  (low = 0, high = 1): Initializer =>
  (shape, seeded = {}) =>
    tensor(uniformOnHost(sizeOf(shape), low, high, seeded), { shape });

/** Normally distributed. */
export const normal =
  (mean = 0, std = 1): Initializer =>
  (shape, seeded = {}) =>
    tensor(normalOnHost(sizeOf(shape), mean, std, seeded), { shape });

export interface XavierOptions {
  /** Factor for the nonlinearity around the layer; see `gain`. The default is 1. */
  readonly gain?: number;
}

/**
 * U(-a, a) with a = gain √(6 / (fanIn + fanOut)).
 * Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
 * networks", eq. 16.
 */
export const xavierUniform =
  (options: XavierOptions = {}): Initializer =>
  (shape, seeded) => {
    const bound = Math.sqrt(3) * xavierStd(shape, options);
    return uniform(-bound, bound)(shape, seeded);
  };

/** N(0, s²) with s = gain √(2 / (fanIn + fanOut)). Source: Glorot & Bengio 2010. */
export const xavierNormal =
  (options: XavierOptions = {}): Initializer =>
  (shape, seeded) =>
    normal(0, xavierStd(shape, options))(shape, seeded);

function xavierStd(shape: Shape, options: XavierOptions): number {
  const { fanIn, fanOut } = fans(shape);
  return fanIn + fanOut === 0 ? 0 : (options.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut));
}

export interface KaimingOptions {
  /** Keeps the variance of values forwards ("fanIn", the default) or of gradients ("fanOut"). */
  readonly mode?: "fanIn" | "fanOut";
  readonly nonlinearity?: Nonlinearity;
  /** The negative slope of leakyRelu, which is the default nonlinearity; the default is 0. */
  readonly slope?: number;
}

/**
 * U(-a, a) with a = gain √(3 / fan).
 * Source: He et al. 2015, "Delving deep into rectifiers", arXiv:1502.01852, eq. 10.
 */
export const kaimingUniform =
  (options: KaimingOptions = {}): Initializer =>
  (shape, seeded) => {
    const bound = Math.sqrt(3) * kaimingStd(shape, options);
    return uniform(-bound, bound)(shape, seeded);
  };

/** N(0, s²) with s = gain / √fan. Source: He et al. 2015, arXiv:1502.01852, eq. 10. */
export const kaimingNormal =
  (options: KaimingOptions = {}): Initializer =>
  (shape, seeded) =>
    normal(0, kaimingStd(shape, options))(shape, seeded);

function kaimingStd(shape: Shape, options: KaimingOptions): number {
  const { mode = "fanIn", nonlinearity = "leakyRelu", slope = 0 } = options;
  if (mode !== "fanIn" && mode !== "fanOut") {
    throw new ValueError(`kaiming: unknown mode; got "${mode}". Use "fanIn" or "fanOut".`);
  }
  const fan = fans(shape)[mode];
  return fan === 0 ? 0 : gain(nonlinearity, slope) / Math.sqrt(fan);
}

/** What PyTorch gives linear and convolutional weights: U(±1/√fanIn). */
export const layerDefault = (): Initializer => kaimingUniform({ slope: Math.sqrt(5) });

/** What PyTorch gives their biases: U(±1/√fanIn) of the weight. */
export function biasDefault(weight: Shape): Initializer {
  const { fanIn } = fans(weight);
  const bound = fanIn === 0 ? 0 : 1 / Math.sqrt(fanIn);
  return uniform(-bound, bound);
}
