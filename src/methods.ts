import { type BackwardOptions, backward } from "./autodiff/backward.ts";
import { clone, stopGradient } from "./autodiff/transforms.ts";
import type { DType } from "./core/dtype.ts";
import type { Shape } from "./core/shape.ts";
import { add, div, mul, neg, reciprocal, square, sub } from "./ops/elementwise/arithmetic.ts";
import { cast } from "./ops/elementwise/cast.ts";
import * as compare from "./ops/elementwise/compare.ts";
import { exp, log, rsqrt, sigmoid, sqrt, tanh } from "./ops/elementwise/elementwise.ts";
import { abs, clamp, maximum, minimum, relu, sign } from "./ops/elementwise/extrema.ts";
import { pow } from "./ops/elementwise/power.ts";
import { matmul } from "./ops/linalg/matmul.ts";
import { flatten, select, squeeze, unsqueeze } from "./ops/movement/join.ts";
import { expand, flip, permute, reshape, transpose } from "./ops/movement/movement.ts";
import { narrow, slice } from "./ops/movement/slice.ts";
import { all, any, mean, sum } from "./ops/reduce/reduce.ts";
import { amax, amin, argmax, argmin, max, min } from "./ops/reduce/reduceExtrema.ts";
import { logSoftmax, softmax } from "./ops/reduce/softmax.ts";
import { Tensor, type TensorLike } from "./tensor/tensor.ts";

/**
 * `x.add(y)` for `add(x, y)`: the everyday functions whose first argument is a tensor, as methods.
 * They are in every bundle that has a tensor, so rarer functions stay functions.
 */

const unary = {
  neg,
  reciprocal,
  square,
  exp,
  log,
  sqrt,
  rsqrt,
  tanh,
  sigmoid,
  relu,
  abs,
  sign,
  isNan: compare.isNan,
  isInf: compare.isInf,
  isFinite: compare.isFinite,
  logicalNot: compare.logicalNot,
};

const binary = {
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  matmul,
  eq: compare.eq,
  ne: compare.ne,
  lt: compare.lt,
  le: compare.le,
  gt: compare.gt,
  ge: compare.ge,
  logicalAnd: compare.logicalAnd,
  logicalOr: compare.logicalOr,
};

const others = {
  sum,
  mean,
  max,
  min,
  amax,
  amin,
  any,
  all,
  argmax,
  argmin,
  cast,
  clamp,
  reshape,
  permute,
  transpose,
  expand,
  flip,
  slice,
  narrow,
  select,
  squeeze,
  unsqueeze,
  flatten,
  softmax,
  logSoftmax,
};

type AfterFirst<F> = F extends (first: never, ...rest: infer R) => infer Out
  ? (...rest: R) => Out
  : never;

type UnaryMethods = { [K in keyof typeof unary]: () => Tensor };
type BinaryMethods = { [K in keyof typeof binary]: (other: TensorLike) => Tensor };
type OtherMethods = { [K in keyof typeof others]: AfterFirst<(typeof others)[K]> };

/** All methods that this file adds. */
export interface TensorMethods extends UnaryMethods, BinaryMethods, OtherMethods {
  /** This tensor where the condition holds, else `other`. */
  where(condition: Tensor, other: TensorLike): Tensor;
  /** The transpose of a matrix. */
  t(): Tensor;
  view(shape: Shape): Tensor;
  to(dtype: DType): Tensor;
  /** The value in memory of its own, which no update of a variable writes over. */
  clone(): Tensor;
  /** The same value without its past: no gradient flows through. */
  detach(): Tensor;
  /** Adds d(this)/d(leaf) to the `grad` of every leaf that requires one. */
  backward(options?: BackwardOptions): void;
}

declare module "./tensor/tensor.ts" {
  interface Tensor extends TensorMethods {}
}

type Op = (...args: never[]) => unknown;

const methods: Readonly<Record<string, Op>> = {
  ...unary,
  ...binary,
  ...others,
  where: (x: Tensor, condition: Tensor, other: TensorLike) => compare.where(condition, x, other),
  t: (x: Tensor) => transpose(x, 0, 1),
  view: reshape,
  to: cast,
  clone,
  detach: stopGradient,
  backward,
};

for (const [name, op] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (op as (...args: unknown[]) => unknown)(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}
