import "./methods.ts";

export { backward } from "./autodiff/backward.ts";
export { grad, stopGradient, valueAndGrad } from "./autodiff/transforms.ts";
export type { DType, TypedArray } from "./core/dtype.ts";
export * from "./core/errors.ts";
export type { Shape } from "./core/shape.ts";
export * as data from "./data/index.ts";
export { type InitOptions, init, setDefaultDevice } from "./init.ts";
export * from "./io/index.ts";
export * as nn from "./nn/index.ts";
export * as losses from "./nn/losses.ts";
export * from "./ops/index.ts";
export * as optim from "./optim/index.ts";
export { type CompileOptions, compile } from "./tensor/compile.ts";
export type { Device } from "./tensor/device.ts";
export { noGrad } from "./tensor/recorder.ts";
export { type NestedArray, Tensor, type TensorLike } from "./tensor/tensor.ts";
export { Variable } from "./tensor/variable.ts";
