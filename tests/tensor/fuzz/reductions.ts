import * as ops from "../../../src/ops/index.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  both,
  type Draw,
  type Draws,
  exact,
  hasAxis,
  isBool,
  isExactFloat,
  isFloat,
  isInteger,
  rough,
  type Value,
} from "./draw.ts";
import type { Choices } from "./graphData.ts";

const hasElements = ({ t }: Value): boolean => t.size > 0;

/** The results of a function over some of the axes. */
const over = (
  takes: (x: Value) => boolean,
  f: (t: Tensor, axes: number[], keepDims: boolean, choices: Choices) => Value | readonly Value[],
): Draw => ({
  takes,
  make: ({ t }, choices) => {
    const axes = t.shape.map((_, d) => d).filter(() => choices.below(2) === 0);
    const made = f(t, axes, choices.below(2) === 1, choices);
    return Array.isArray(made) ? made : [made as Value];
  },
});

const countOf = (t: Tensor, axes: readonly number[]): number =>
  Math.max(
    axes.reduce((n, d) => n * t.shape[d]!, 1),
    1,
  );

/** Factors so near to 1 that no product of them runs away. */
const factors = (t: Tensor, count: number): Tensor => ops.add(ops.div(ops.tanh(t), count), 1);

export const reductions: Draws = {
  sum: over(isFloat, (t, axes, keep) =>
    rough(ops.mul(ops.sum(t, axes, keep), 1 / Math.sqrt(countOf(t, axes)))),
  ),
  mean: over(both(isFloat, hasElements), (t, axes, keep) => rough(ops.mean(t, axes, keep))),
  prod: over(isFloat, (t, axes, keep) => rough(ops.prod(factors(t, countOf(t, axes)), axes, keep))),
  max: over(both(isExactFloat, hasElements), (t, axes, keep) => exact(ops.amax(t, axes, keep))),
  min: over(both(isExactFloat, hasElements), (t, axes, keep) => exact(ops.amin(t, axes, keep))),
  length: over(both(isFloat, hasElements), (t, axes, keep) =>
    rough(ops.sqrt(ops.add(ops.mean(ops.square(t), axes, keep), 1))),
  ),
  logSumExp: over(both(isFloat, hasElements), (t, axes, keep) =>
    rough(ops.logSumExp(t, axes, keep)),
  ),
  varMean: over(both(isFloat, hasElements), (t, axes, keep) => {
    const { variance, mean } = ops.varMean(t, axes, { correction: 0, keepDims: keep });
    return [rough(ops.tanh(variance)), rough(mean)];
  }),
  sumIntegers: over(isInteger, (t, axes, keep) => exact(ops.remainder(ops.sum(t, axes, keep), 97))),
  count: over(isBool, (t, axes, keep) => exact(ops.countNonzero(t, axes, keep))),
  any: over(isBool, (t, axes, keep) => exact(ops.any(t, axes, keep))),
  all: over(isBool, (t, axes, keep) => exact(ops.all(t, axes, keep))),
};

/** The results of a function along one axis. */
const along = (
  takes: (x: Value) => boolean,
  f: (t: Tensor, axis: number, choices: Choices) => Value | readonly Value[],
): Draw => ({
  takes: both(takes, hasAxis),
  make: ({ t }, choices) => {
    const made = f(t, choices.below(t.rank), choices);
    return Array.isArray(made) ? made : [made as Value];
  },
});

const sizeAlong = (t: Tensor, axis: number): number => t.shape[axis]!;

const isOrdered = (x: Value): boolean => x.exact && !isBool(x);

/** Kernels that see whole lines. Many give several results. */
export const lines: Draws = {
  softmax: along(isFloat, (t, axis) => rough(ops.softmax(t, axis))),
  logSoftmax: along(isFloat, (t, axis) => rough(ops.logSoftmax(ops.tanh(t), axis))),
  cumsum: along(isFloat, (t, axis) =>
    rough(ops.mul(ops.cumsum(t, axis), 1 / Math.sqrt(sizeAlong(t, axis)))),
  ),
  cumprod: along(isFloat, (t, axis) => rough(ops.cumprod(factors(t, sizeAlong(t, axis)), axis))),
  logcumsumexp: along(isFloat, (t, axis) => rough(ops.logcumsumexp(t, axis))),
  cumsumIntegers: along(isInteger, (t, axis) => exact(ops.remainder(ops.cumsum(t, axis), 97))),
  cummax: along(isOrdered, (t, axis) => both2(ops.cummax(t, axis))),
  maxWithIndices: along(isOrdered, (t, axis) => both2(ops.maxWithIndices(t, axis))),
  sort: along(isOrdered, (t, axis, choices) =>
    both2(ops.sort(t, axis, { descending: choices.below(2) === 1 })),
  ),
  topk: along(isOrdered, (t, axis, choices) =>
    both2(ops.topk(t, 1 + choices.below(sizeAlong(t, axis)), { axis })),
  ),
  argmax: along(isOrdered, (t, axis) => exact(ops.argmax(t, axis))),
  layerNorm: along(isFloat, (t, axis) => rough(ops.layerNorm(t, t.shape.slice(axis), { eps: 1 }))),
};

const both2 = ({ values, indices }: { values: Tensor; indices: Tensor }): Value[] => [
  exact(indices),
  exact(values),
];
