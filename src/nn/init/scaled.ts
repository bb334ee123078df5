import { ValueError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import { fans, gain, type Nonlinearity } from "../fans.ts";
import { type Initializer, normal, uniform } from "./initializer.ts";

/** Initial weights whose size follows from the numbers of inputs and outputs of a unit. */

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

/**
 * U(-a, a) with a = √(3 / fanIn): variance 1 / fanIn.
 * Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", eq. 16.
 */
export const lecunUniform = (): Initializer => kaimingUniform({ nonlinearity: "linear" });

/**
 * N(0, 1 / fanIn), which self-normalizing networks (`selu`) need.
 * Source: LeCun et al. 1998, eq. 16; Klambauer et al. 2017, arXiv:1706.02515.
 */
export const lecunNormal = (): Initializer => kaimingNormal({ nonlinearity: "linear" });

/** What PyTorch gives linear and convolutional weights: U(±1/√fanIn). */
export const layerDefault = (): Initializer => kaimingUniform({ slope: Math.sqrt(5) });

/** What PyTorch gives their biases: U(±1/√fanIn) of the weight. */
export function biasDefault(weight: Shape): Initializer {
  const { fanIn } = fans(weight);
  const bound = fanIn === 0 ? 0 : 1 / Math.sqrt(fanIn);
  return uniform(-bound, bound);
}
