import { ValueError } from "../../core/errors.ts";
import type { Shape } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../elementwise/arithmetic.ts";
import { erfNumber } from "../elementwise/erf.ts";
import { erfinv } from "../elementwise/errorFunctions.ts";
import { clamp } from "../elementwise/extrema.ts";
import { type PlainRandom, rand } from "./random.ts";

export interface TruncatedOptions extends PlainRandom {
  readonly mean?: number;
  readonly std?: number;
  /** The least and the largest value, in the unit of the mean. */
  readonly low?: number;
  readonly high?: number;
}

/**
 * Normal numbers given that they lie between `low` and `high` (by default 2 above and below 0), by
 * the inverse of the distribution function: mean + std √2 erf⁻¹(u), u uniform between the values
 * of erf at both bounds. Far out in a tail float32 leaves few different values.
 * @throws ValueError unless low < high and std > 0
 */
export function truncatedNormal(
  shape: Shape,
  { mean = 0, std = 1, low = -2, high = 2, ...options }: TruncatedOptions = {},
): Tensor {
  if (!(low < high) || !(std > 0)) {
    throw new ValueError(
      `truncatedNormal: needs low < high and std > 0; got ${low}, ${high} and std ${std}. Mend them.`,
    );
  }
  const [from, to] = [low, high].map((x) => erfNumber((x - mean) / (std * Math.SQRT2))) as [
    number,
    number,
  ];
  const u = add(mul(rand(shape, options), to - from), from);
  return clamp(add(mul(erfinv(u), std * Math.SQRT2), mean), low, high);
}
