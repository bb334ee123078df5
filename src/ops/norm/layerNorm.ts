import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, sameShape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  type AffineOptions,
  checkEps,
  checkParts,
  checkSeveral,
  perChannel,
  scaled,
} from "./affine.ts";
import { byRow } from "./byStatistics.ts";

/** The smallest step from 1 in float32. */
const MACHINE_EPS = 2 ** -23;

/** The sizes of the last axes, as given. @throws ShapeError when x has others */
function lastAxes(op: string, x: Tensor, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const first = x.rank - shape.length;
  if (shape.length > 0 && first >= 0 && sameShape(x.shape.slice(first), shape)) return shape;
  throw new ShapeError(
    `${op}: the normalized shape is not that of the last axes; got ${show(shape)} for an input ` +
      `${show(x.shape)}. Give the sizes of one or more of the last axes.`,
  );
}

/**
 * (x - mean) / √(variance + eps)·weight + bias by the mean and (biased) variance over the last
 * axes.
 * @param x [..., …normalizedShape]  @param normalizedShape their sizes; weight and bias have them
 * @throws ShapeError  Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, equation 4.
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  options: AffineOptions = {},
): Tensor {
  const { weight = null, bias = null, eps = 1e-5 } = options;
  const shape = lastAxes("layerNorm", x, normalizedShape);
  checkParts("layerNorm", x, shape, { weight, bias });
  checkEps("layerNorm", eps);
  if (x.size === 0) return scaled(x, options, shape);
  const row = sizeOf(shape);
  return byRow(x, [x.size / row, 1, row, 1], weight, bias, { eps }).output;
}

/**
 * x / √(mean of x² + eps)·weight over the last axes; eps is 2^-23 unless given.
 * @throws ShapeError  Source: Zhang and Sennrich 2019, arXiv:1910.07467, equation 4.
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  { weight = null, eps = MACHINE_EPS }: Omit<AffineOptions, "bias"> = {},
): Tensor {
  const shape = lastAxes("rmsNorm", x, normalizedShape);
  checkParts("rmsNorm", x, shape, { weight });
  checkEps("rmsNorm", eps);
  if (x.size === 0) return scaled(x, { weight }, shape);
  const row = sizeOf(shape);
  return byRow(x, [x.size / row, 1, row, 1], weight, null, { eps, centered: false }).output;
}

/**
 * (x - mean) / √(variance + eps)·weight + bias, by the mean and (biased) variance of each of
 * `groups` groups of neighbouring channels with all their places.
 * @param x [N, C, …]; weight and bias are [C]
 * @throws ShapeError, ValueError when the groups do not divide the channels
 * Source: Wu and He 2018, arXiv:1803.08494, section 3.
 */
export function groupNorm(x: Tensor, groups: number, options: AffineOptions = {}): Tensor {
  const { weight = null, bias = null, eps = 1e-5 } = options;
  if (x.rank < 2) {
    throw new ShapeError(
      `groupNorm: the input is not [batch, channels, …]; got ${show(x.shape)}. Reshape it.`,
    );
  }
  const [batch, channels] = x.shape as [number, number];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new ValueError(
      `groupNorm: ${groups} groups do not divide ${channels} channels; got an input ` +
        `${show(x.shape)}. Use a divisor of ${channels}.`,
    );
  }
  checkParts("groupNorm", x, [channels], { weight, bias });
  checkEps("groupNorm", eps);
  if (x.size === 0) return scaled(x, options, perChannel(x));
  checkSeveral("groupNorm", x, x.size / groups);
  const sizes = [batch, groups, channels / groups, x.size / (batch * channels)];
  return byRow(x, sizes, weight, bias, { eps }).output;
}
