import {
  invoke,
  isNanHelper,
  maxHelper,
  minHelper,
  reluHelper,
} from "../../../kernels/math/floatHelpers.ts";
import { DTypeError } from "../../core/errors.ts";
import type { Helper, Lanes } from "../../core/ir.ts";
import {
  arithmetic,
  type Binary,
  broadcasting,
  defineOp,
  pointwise,
  promoting,
  type Unary,
  type VjpCall,
} from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { binarySamples, distinct, exactly, integers, unarySamples } from "../samples.ts";
import { mul } from "./arithmetic.ts";
import { eq, ge, gt, le, lt, where } from "./compare.ts";
import { magnitude } from "./numbers.ts";

/** max or min as text: NaN stays NaN; true is larger than false. */
export function extremeText(builtin: "max" | "min", lanes: Lanes, a: string, b: string): string {
  if (lanes.args[0] === "bool") return `(${a} ${builtin === "max" ? "|" : "&"} ${b})`;
  if (lanes.args[0] !== "float32") return `${builtin}(${a}, ${b})`;
  return invoke(builtin === "max" ? maxHelper : minHelper, lanes, a, b);
}

const extremeHelpers = (builtin: "max" | "min"): readonly Helper[] => [
  builtin === "max" ? maxHelper : minHelper,
  isNanHelper,
];

type Slope = (call: VjpCall) => [Tensor | null, Tensor | null];

function extreme(
  name: string,
  builtin: "max" | "min",
  vjp: Slope,
  derivative: readonly [string, string],
  dtype = promoting,
): Binary {
  return defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype,
    forward: pointwise({
      wgsl: ([a, b], lanes) => extremeText(builtin, lanes, a!, b!),
      js: () => Math[builtin], // NaN from either side stays
      helpers: extremeHelpers(builtin),
      weight: 2,
    }),
    vjp,
    derivative,
    samples: () => [
      ...binarySamples(
        (shape, layout) => distinct(shape, 0.25, layout),
        (shape, layout) => distinct(shape, 0.31, layout),
      ),
      [integers([2, 3], -9, 9), integers([3], -9, 9)],
    ],
  });
}

/** Half to each side at a tie, as the mean of both one-sided slopes. */
function shared(wins: Binary): Slope {
  return ({ g, inputs: [a, b] }) => {
    const half = mul(g, 0.5);
    const tie = eq(a!, b!);
    return [
      where(tie, half, where(wins(b!, a!), 0, g)),
      where(tie, half, where(wins(a!, b!), 0, g)),
    ];
  };
}

/** max(a, b), element-wise; NaN where either is NaN. A tie shares the gradient equally. */
export const maximum: Binary = extreme("maximum", "max", shared(gt), [
  "g·(1[a > b] + ½·1[a = b])",
  "g·(1[b > a] + ½·1[a = b])",
]);

/** min(a, b), element-wise; NaN where either is NaN. A tie shares the gradient equally. */
export const minimum: Binary = extreme("minimum", "min", shared(lt), [
  "g·(1[a < b] + ½·1[a = b])",
  "g·(1[b < a] + ½·1[a = b])",
]);

/** x takes the gradient inside, the bound beyond it; where x is NaN none does, as in PyTorch. */
const bounded =
  (inside: Binary, beyond: Binary): Slope =>
  ({ g, inputs: [x, bound] }) => [where(inside(x!, bound!), g, 0), where(beyond(x!, bound!), g, 0)];

/** max(a, b), a from below: at a = b the whole gradient goes to a, as in PyTorch. */
export const clampMin: Binary = extreme(
  "clampMin",
  "max",
  bounded(ge, lt),
  ["g·1[a ≥ b]", "g·1[a < b]"],
  arithmetic,
);

/** min(a, b), a from above: at a = b the whole gradient goes to a, as in PyTorch. */
export const clampMax: Binary = extreme(
  "clampMax",
  "min",
  bounded(le, gt),
  ["g·1[a ≤ b]", "g·1[a > b]"],
  arithmetic,
);

/**
 * min(max(x, low), high), element-wise; null leaves a side open; NaN stays.
 * @throws DTypeError when both bounds are missing
 */
export function clamp(x: Tensor, low?: TensorLike | null, high?: TensorLike | null): Tensor {
  const noLow = low === undefined || low === null;
  const noHigh = high === undefined || high === null;
  if (noLow && noHigh) {
    throw new DTypeError(
      `clamp: no bound is given; got ${low} and ${high}. Give low, high or both.`,
    );
  }
  const raised = noLow ? x : clampMin(x, low);
  return noHigh ? raised : clampMax(raised, high);
}

/** max(x, 0), element-wise; slope 0 at 0; NaN stays. */
export const relu: Unary = defineOp<1>({
  name: "relu",
  arity: 1,
  shape: same,
  dtype: arithmetic,
  forward: pointwise({
    wgsl: ([x], lanes) =>
      lanes.dtype === "float32"
        ? invoke(reluHelper, lanes, x!)
        : `max(${x}, ${lanes.type(lanes.dtype)}(0))`,
    js: () => (x) => Math.max(x!, 0),
    helpers: [reluHelper],
  }),
  // As a condition the result is tested on its bits: the smallest numbers count as above 0.
  vjp: ({ g, out }) => [where(out, g, 0)],
  derivative: ["g·1[x > 0]"],
  samples: () => [
    ...unarySamples(0.2, 3),
    [distinct([3, 5])],
    [distinct([4, 2], 0.25, "transposed")],
    [integers([4], -3, 3)],
  ],
});

/** |x|, element-wise; slope 0 at 0. */
export const abs: Unary = defineOp<1>({
  name: "abs",
  arity: 1,
  shape: same,
  dtype: arithmetic,
  forward: pointwise({
    wgsl: ([x]) => `abs(${x})`,
    js: (_, dtype) => magnitude(dtype) as (...args: number[]) => number,
  }),
  vjp: ({ g, inputs: [x] }) => [mul(g, sign(x!))],
  derivative: ["g·sign(x)"],
  samples: () => [...unarySamples(0.2, 3), [distinct([3, 5])], [integers([4], -3, 3)]],
});

/** -1, 0 or 1; 0 for NaN, as in PyTorch. */
export const sign: Unary = defineOp<1>({
  name: "sign",
  arity: 1,
  shape: same,
  dtype: arithmetic,
  forward: pointwise({
    wgsl: ([x], lanes) => {
      const type = lanes.type(lanes.dtype);
      const up = `select(${type}(0), ${type}(1), ${x} > ${type}(0))`;
      if (lanes.dtype === "uint32") return up;
      const value = `select(${up}, ${type}(-1), ${x} < ${type}(0))`;
      if (lanes.dtype !== "float32") return value;
      return `select(${value}, ${type}(0), ${invoke(isNanHelper, lanes, x!)})`;
    },
    js: () => (x) => (x! > 0 ? 1 : x! < 0 ? -1 : 0),
    helpers: [isNanHelper],
  }),
  vjp: ({ g }) => [mul(g, 0)],
  derivative: ["0"],
  samples: () => [
    ...unarySamples(0.2, 3),
    [exactly([4], [-2, 0, 5, -0.5])],
    [integers([4], -3, 3)],
  ],
  gradcheck: { order: 0, why: "it jumps at 0, which is among the samples" },
});
