import { isFloat } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import { arithmetic, defineOp, pointwise, type Unary } from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { exactly, integers, unarySamples } from "../samples.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";

const values = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6, 7];

/** Integers stay as they are; the slope is 0. */
function rounded(name: string, wgsl: string, js: (x: number) => number): Unary {
  return defineOp<1>({
    name,
    arity: 1,
    shape: same,
    dtype: arithmetic,
    forward: pointwise({
      wgsl: ([x], lanes) => (lanes.dtype === "float32" ? `${wgsl}(${x})` : x!),
      js: () => js as (...args: number[]) => number,
    }),
    vjp: ({ g }) => [mul(g, 0)],
    derivative: ["0"],
    samples: () => [...unarySamples(), [exactly([9], values)], [integers([3], -4, 4)]],
    gradcheck: { order: 0, why: "it jumps at whole or half numbers, which are among the samples" },
  });
}

/** Half goes to the even neighbour, as in PyTorch and WGSL. */
function halfToEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/** The largest whole number ≤ x. */
export const floor: Unary = rounded("floor", "floor", Math.floor);
/** The smallest whole number ≥ x. */
export const ceil: Unary = rounded("ceil", "ceil", Math.ceil);
const roundWhole: Unary = rounded("round", "round", halfToEven);
/** x without its fraction. */
export const trunc: Unary = rounded("trunc", "trunc", Math.trunc);

/** The fraction of x, with its sign: x - trunc x. */
export const frac: Unary = (x) => sub(x, trunc(x));

/** x without its fraction: `trunc`, by PyTorch's other name. */
export const fix: Unary = (x) => trunc(x);

export interface RoundOptions {
  /** Digits after the point; negative ones round to tens, hundreds, … */
  readonly decimals?: number;
}

/**
 * The nearest whole number, or the nearest multiple of 10^-decimals; half goes to the even one.
 * Slope 0. Whole numbers stay whole.
 * @throws ValueError unless the decimals are a whole number from -38 to 38
 */
export function round(x: TensorLike, { decimals = 0 }: RoundOptions = {}): Tensor {
  if (!Number.isInteger(decimals) || Math.abs(decimals) > 38) {
    throw new ValueError(
      `round: the decimals are not a whole number from -38 to 38; got ${decimals}. Use such a one.`,
    );
  }
  if (decimals === 0 || !(x instanceof Tensor)) return roundWhole(x);
  if (!isFloat(x.dtype)) {
    return decimals > 0 ? roundWhole(x) : cast(round(cast(x, "float32"), { decimals }), x.dtype);
  }
  // A power of ten is exact where it is whole, so it divides for one sign and multiplies for the other.
  const ten = 10 ** Math.abs(decimals);
  return decimals > 0 ? div(roundWhole(mul(x, ten)), ten) : mul(roundWhole(div(x, ten)), ten);
}
