import { ShapeError, ValueError } from "../../core/errors.ts";
import { normalizeAxis, show } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { type Generator, uniform } from "../random/random.ts";
import { leakyRelu } from "./activations.ts";
import { mul } from "./arithmetic.ts";
import { gt, where } from "./compare.ts";
import { sigmoid } from "./elementwise.ts";

/** Activations with a gate or a slope of their own. */

/**
 * a·σ(b) of the two halves of x along `axis`. Source: Dauphin et al. 2016, arXiv:1612.08083.
 * @param x any shape  @returns the same with half the size at `axis`
 * @throws ShapeError for an unknown axis or an odd size
 */
export function glu(x: Tensor, axis = -1): Tensor {
  const at = normalizeAxis("glu", axis, x.rank);
  const size = x.shape[at]!;
  if (size % 2 !== 0) {
    throw new ShapeError(
      `glu: axis ${at} has the odd size ${size}; got ${show(x.shape)}. ` +
        "Give an axis of even size: half of it are the gates.",
    );
  }
  const half = size / 2;
  return mul(narrow(x, at, 0, half), sigmoid(narrow(x, at, half, half)));
}

/**
 * x where x > 0, else weight·x. Source: He et al. 2015, arXiv:1502.01852.
 * @param x [batch, channels, …]  @param weight [channels], or one element for all
 * @throws ShapeError when the weight fits neither
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  return where(gt(x, 0), x, mul(perChannel(x, weight), x));
}

function perChannel(x: Tensor, weight: Tensor): Tensor {
  if (weight.rank <= 1 && weight.size === 1) return reshape(weight, []);
  const channels = x.rank > 1 ? x.shape[1]! : 1;
  if (weight.rank !== 1 || weight.size !== channels) {
    throw new ShapeError(
      `prelu: the weight does not fit ${channels} channels (axis 1); got x ${show(x.shape)}, ` +
        `weight ${show(weight.shape)}. Give one element, or one for each channel.`,
    );
  }
  return reshape(weight, [channels, ...x.shape.slice(2).map(() => 1)]);
}

export interface RreluOptions {
  readonly lower?: number;
  readonly upper?: number;
  /** Draws a slope for each element; else all have the mean slope. */
  readonly training?: boolean;
  readonly generator?: Generator;
}

/**
 * x where x > 0, else r·x with r uniform between `lower` and `upper`, or their mean outside
 * training. Source: Xu et al. 2015, arXiv:1505.00853.
 * @throws ValueError unless lower ≤ upper
 */
export function rrelu(
  x: Tensor,
  { lower = 1 / 8, upper = 1 / 3, training = false, generator }: RreluOptions = {},
): Tensor {
  if (!(lower <= upper)) {
    throw new ValueError(
      `rrelu: the lower slope is above the upper; got ${lower} and ${upper}. Exchange them.`,
    );
  }
  if (!training) return leakyRelu(x, (lower + upper) / 2);
  const source = generator === undefined ? {} : { generator };
  const slopes = uniform(x.shape, lower, upper, { ...source, device: x.device });
  return where(gt(x, 0), x, mul(x, slopes));
}
