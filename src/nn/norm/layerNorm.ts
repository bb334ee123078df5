import { ShapeError } from "../../core/errors.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import { layerNorm, rmsNorm } from "../../ops/norm/layerNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { repr } from "../repr.ts";
import { checkSizes } from "../sizes.ts";
import { biasOf, checkNumber, weightOf } from "./checks.ts";

export interface RMSNormOptions {
  /** Added under the root; the default is the smallest step from 1 in float32, 2⁻²³. */
  readonly eps?: number;
  /** Learns a factor for each element of the normalized shape; the default is true. */
  readonly elementwiseAffine?: boolean;
}

export interface LayerNormOptions extends RMSNormOptions {
  /** Added to the variance; the default is 1e-5. */
  readonly eps?: number;
  /** Learns what is added, too, where factors are learned; the default is true. */
  readonly bias?: boolean;
}

function shapeOf(layer: string, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
  if (shape.length === 0) {
    throw new ShapeError(
      `${layer}: the normalized shape has no axes; got []. Give the sizes of the last axes.`,
    );
  }
  for (const size of shape) checkSizes(layer, { normalizedShape: size }, 0);
  return shape;
}

/** @throws ShapeError unless the last axes of x have this shape */
function checkLastAxes(layer: string, x: Tensor, shape: Shape): void {
  if (sameShape(x.shape.slice(Math.max(0, x.rank - shape.length)), shape)) return;
  throw new ShapeError(
    `${layer}: the last axes are not the normalized shape ${show(shape)}; got ${show(x.shape)}. ` +
      "Reshape the input, or build the layer with its sizes.",
  );
}

/** In brackets also where all sizes are equal: they are axes. */
const argument = (shape: Shape): unknown =>
  shape.length === 1 ? shape[0] : { toString: () => show(shape) };

/**
 * Layer normalization: y = (x - mean) / √(variance + eps) · weight + bias, the mean and the
 * variance of each example over the last axes.
 * Source: Ba, Kiros & Hinton 2016, arXiv:1607.06450, equation 4.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  /** normalizedShape, starts at 1 */
  readonly weight: Parameter | null;
  /** normalizedShape, starts at 0 */
  readonly bias: Parameter | null;

  /** @throws ShapeError, ValueError for sizes that are no whole numbers, or an eps that is none */
  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super();
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    const shape = shapeOf("LayerNorm", normalizedShape);
    checkNumber("LayerNorm", "eps", eps, "1e-5");
    this.normalizedShape = shape;
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = weightOf(shape, elementwiseAffine);
    this.bias = biasOf(shape, elementwiseAffine && bias);
  }

  /** @param x [..., …normalizedShape]  @returns the same shape  @throws ShapeError */
  forward(x: Tensor): Tensor {
    const { weight, bias, eps, normalizedShape } = this;
    checkLastAxes("LayerNorm", x, normalizedShape);
    return layerNorm(x, normalizedShape, { weight, bias, eps });
  }

  override toString(): string {
    const { eps, elementwiseAffine } = this;
    const options = { eps, elementwiseAffine, bias: !elementwiseAffine || this.bias !== null };
    const defaults = { eps: 1e-5, elementwiseAffine: true, bias: true };
    return repr(this, [argument(this.normalizedShape)], options, defaults);
  }
}

/**
 * Normalization by the root of the mean square: y = x / √(mean of x² + eps) · weight over the last
 * axes. Source: Zhang & Sennrich 2019, arXiv:1910.07467, equation 4.
 */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  /** undefined for the smallest step from 1 */
  readonly eps: number | undefined;
  readonly elementwiseAffine: boolean;
  /** normalizedShape, starts at 1 */
  readonly weight: Parameter | null;

  /** @throws ShapeError, ValueError for sizes that are no whole numbers, or an eps that is none */
  constructor(normalizedShape: number | Shape, options: RMSNormOptions = {}) {
    super();
    const { eps, elementwiseAffine = true } = options;
    const shape = shapeOf("RMSNorm", normalizedShape);
    if (eps !== undefined) checkNumber("RMSNorm", "eps", eps, "1e-5");
    this.normalizedShape = shape;
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = weightOf(shape, elementwiseAffine);
  }

  /** @param x [..., …normalizedShape]  @returns the same shape  @throws ShapeError */
  forward(x: Tensor): Tensor {
    const { weight, eps, normalizedShape } = this;
    checkLastAxes("RMSNorm", x, normalizedShape);
    return rmsNorm(x, normalizedShape, { weight, ...(eps === undefined ? {} : { eps }) });
  }

  override toString(): string {
    const { eps, elementwiseAffine } = this;
    const options = { eps, elementwiseAffine };
    return repr(this, [argument(this.normalizedShape)], options, { elementwiseAffine: true });
  }
}
