import "./methods.ts";

export * from "./core/errors.ts";
export type { DType, TypedArray } from "./core/dtype.ts";
export type { Shape } from "./core/shape.ts";
export { init, type InitOptions, setDefaultDevice } from "./init.ts";
export type { Device } from "./tensor/device.ts";
export { Tensor, type NestedArray, type TensorLike } from "./tensor/tensor.ts";
export { Variable } from "./tensor/variable.ts";
export { compile, type CompileOptions } from "./tensor/compile.ts";
export { noGrad } from "./tensor/recorder.ts";
export * from "./ops/index.ts";
export { backward } from "./autodiff/backward.ts";
export { grad, stopGradient, valueAndGrad } from "./autodiff/transforms.ts";
export * as nn from "./nn/index.ts";
export * as losses from "./nn/losses.ts";
export * as optim from "./optim/index.ts";
export * as data from "./data/index.ts";
export * from "./io/index.ts";
