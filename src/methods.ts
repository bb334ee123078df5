import { type BackwardOptions, backward } from "./autodiff/backward.ts";
import { stopGradient } from "./autodiff/transforms.ts";
import type { DType } from "./core/dtype.ts";
import type { Shape } from "./core/shape.ts";
import * as ops from "./ops/index.ts";
import { Tensor, type TensorLike } from "./tensor/tensor.ts";

/** `x.add(y)` for `add(x, y)`: every function whose first argument is a tensor, as a method. */

const unary = [
  "neg",
  "reciprocal",
  "square",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "rsqrt",
  "tanh",
  "sigmoid",
  "softplus",
  "erf",
  "relu",
  "abs",
  "sign",
  "isNan",
  "isInf",
  "isFinite",
  "logicalNot",
  "gelu",
  "silu",
] as const;

const binary = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "maximum",
  "minimum",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "logicalAnd",
  "logicalOr",
  "matmul",
] as const;

const reductions = [
  "sum",
  "mean",
  "max",
  "min",
  "amax",
  "amin",
  "prod",
  "any",
  "all",
  "logSumExp",
] as const;

const others = [
  "cast",
  "clamp",
  "reshape",
  "permute",
  "transpose",
  "expand",
  "broadcastTo",
  "flip",
  "slice",
  "narrow",
  "select",
  "squeeze",
  "unsqueeze",
  "flatten",
  "split",
  "chunk",
  "unbind",
  "tile",
  "argmax",
  "argmin",
  "variance",
  "std",
  "softmax",
  "logSoftmax",
  "take",
  "indexSelect",
  "gather",
  "scatterAdd",
  "indexAdd",
  "leakyRelu",
  "elu",
  "where",
] as const;

type Ops = typeof ops;
type AfterFirst<F> = F extends (first: never, ...rest: infer R) => infer Out
  ? (...rest: R) => Out
  : never;

interface UnaryMethods extends Record<(typeof unary)[number], () => Tensor> {}
interface BinaryMethods extends Record<(typeof binary)[number], (other: TensorLike) => Tensor> {}

type OtherMethods = {
  [K in Exclude<(typeof others)[number], "where">]: AfterFirst<Ops[K]>;
} & { [K in (typeof reductions)[number]]: AfterFirst<Ops[K]> };

/** All methods that this file adds. */
export interface TensorMethods extends UnaryMethods, BinaryMethods, OtherMethods {
  /** This tensor where the condition holds, else `other`. */
  where(condition: Tensor, other: TensorLike): Tensor;
  /** The transpose of a matrix. */
  t(): Tensor;
  view(shape: Shape): Tensor;
  to(dtype: DType): Tensor;
  /** The same value without its past: no gradient flows through. */
  detach(): Tensor;
  /** Adds d(this)/d(leaf) to the `grad` of every leaf that requires one. */
  backward(options?: BackwardOptions): void;
}

declare module "./tensor/tensor.ts" {
  interface Tensor extends TensorMethods {}
}

type Op = (...args: unknown[]) => unknown;

function method(name: string, op: Op): void {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return op(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}

for (const name of [...unary, ...binary, ...reductions, ...others]) {
  method(name, ops[name] as Op);
}
method("where", ((x: Tensor, condition: Tensor, other: TensorLike) =>
  ops.where(condition, x, other)) as Op);
method("t", ((x: Tensor) => ops.transpose(x, 0, 1)) as Op);
method("view", ops.reshape as Op);
method("to", ops.cast as Op);
method("detach", stopGradient as Op);
method("backward", backward as Op);
