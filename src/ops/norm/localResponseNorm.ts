import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, square } from "../elementwise/arithmetic.ts";
import { pow } from "../elementwise/power.ts";
import { reshape } from "../movement/movement.ts";
import { zeroPad } from "../movement/window.ts";
import { avgPool2d } from "../pool/avgPool.ts";

export interface LocalResponseNormOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}

/**
 * x / (k + alpha·m)^beta, where m is the mean of x² over `size` neighbouring channels, zeros
 * beyond the first and the last.
 * @param x [N, C, …spatial]
 * @throws ShapeError, ValueError  Source: Krizhevsky, Sutskever, Hinton 2012, section 3.3.
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {},
): Tensor {
  if (x.rank < 3) {
    throw new ShapeError(
      `localResponseNorm: the input is not [batch, channels, length, …]; got ${show(x.shape)}. ` +
        "Reshape it.",
    );
  }
  if (!Number.isInteger(size) || size < 1) {
    throw new ValueError(
      `localResponseNorm: size is not a whole number above 0; got ${size}. Use 5, for example.`,
    );
  }
  if (x.size === 0) return x;
  const [batch, channels] = x.shape as [number, number];
  const planes = reshape(square(x), [batch, channels, x.size / (batch * channels)]);
  const padded = zeroPad(planes, [0, size >> 1, 0], [0, (size - 1) >> 1, 0]);
  const means = reshape(avgPool2d(padded, [size, 1], { stride: 1 }), x.shape);
  return div(x, pow(add(mul(means, alpha), k), beta));
}
