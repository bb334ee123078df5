import {
  arithmetic,
  type Binary,
  broadcasting,
  defineOp,
  floating,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { binarySamples, exactly, integers, unarySamples, uniform } from "../samples.ts";
import { div, mul, neg, sub } from "./arithmetic.ts";

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
/** The nearest whole number; half goes to the even one. */
export const round: Unary = rounded("round", "round", halfToEven);
/** x without its fraction. */
export const trunc: Unary = rounded("trunc", "trunc", Math.trunc);

/** The fraction of x, with its sign: x - trunc x. */
export const frac: Unary = (x) => sub(x, trunc(x));

/** x - b·⌊x / b⌋: the remainder with the sign of b, float32. */
export const remainder: Binary = defineOp<2>({
  name: "remainder",
  arity: 2,
  shape: broadcasting("remainder"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([a, b], lanes) => {
      const zero = `${lanes.type("float32")}(0.0)`;
      const wrong = `(((${a} % ${b}) * ${b}) < ${zero})`;
      return `((${a} % ${b}) + select(${zero}, ${b}, ${wrong}))`;
    },
    js: () => (a, b) => {
      const r = a! % b!;
      return r * b! < 0 ? r + b! : r;
    },
    weight: 4,
  }),
  vjp: ({ g, inputs }) => {
    const [a, b] = inputs as [Tensor, Tensor];
    return [g, neg(mul(g, floor(div(a, b))))];
  },
  derivative: ["g", "-g·⌊a / b⌋"],
  samples: () =>
    binarySamples(
      (shape, layout) => uniform(shape, 0.1, 0.45, layout),
      (shape, layout) => uniform(shape, 0.5, 2, layout),
    ),
});

/** x - b·trunc(x / b): the remainder with the sign of x, float32. */
export const fmod: Binary = defineOp<2>({
  name: "fmod",
  arity: 2,
  shape: broadcasting("fmod"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([a, b]) => `(${a} % ${b})`,
    js: () => (a, b) => a! % b!,
    weight: 3,
  }),
  vjp: ({ g, inputs }) => {
    const [a, b] = inputs as [Tensor, Tensor];
    return [g, neg(mul(g, trunc(div(a, b))))];
  },
  derivative: ["g", "-g·trunc(a / b)"],
  samples: () =>
    binarySamples(
      (shape, layout) => uniform(shape, 2.2, 2.7, layout),
      (shape, layout) => uniform(shape, 0.95, 1.05, layout),
    ),
});
