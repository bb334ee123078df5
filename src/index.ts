import "./methods.ts";

export { backward } from "./autodiff/backward.ts";
export { checkpoint } from "./autodiff/checkpoint.ts";
export { type CustomGrad, customGrad } from "./autodiff/customGrad.ts";
export { type ExplainOptions, type Explanation, explain } from "./autodiff/explain.ts";
export { gradcheck, gradcheckOrThrow } from "./autodiff/gradcheck.ts";
export { type GradientsOptions, gradients } from "./autodiff/gradientsBy.ts";
export { hessian, type JacobianOptions, jacobian } from "./autodiff/jacobian.ts";
export { linearize } from "./autodiff/linearize.ts";
export { hvp, jvp, vjp } from "./autodiff/products.ts";
export {
  type Tape,
  type TapeEntry,
  type TapeInput,
  type TapeOptions,
  type TapeSource,
  type TapeStep,
  tape,
} from "./autodiff/tape.ts";
export type { TapeJSON } from "./autodiff/tapeJson.ts";
export { clone, grad, stopGradient, valueAndGrad } from "./autodiff/transforms.ts";
export { type VmapOptions, vmap } from "./autodiff/vmap.ts";
export type { Axes as VmapAxes } from "./autodiff/vmapAxes.ts";
export type { DType, TypedArray } from "./core/dtype.ts";
export * from "./core/errors.ts";
export type { Shape } from "./core/shape.ts";
// By namespace, as in PyTorch; and by name, of which a bundler keeps only what a page uses.
export * as data from "./data/index.ts";
export { DataLoader, TensorDataset } from "./data/index.ts";
export { type InitOptions, init, setDefaultDevice } from "./init.ts";
export * from "./io/index.ts";
export * as nn from "./nn/index.ts";
export * from "./nn/index.ts";
export * as losses from "./nn/losses.ts";
export * from "./ops/index.ts";
export * as optim from "./optim/index.ts";
export {
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  defineOptimizer,
  gradNorms,
  SGD,
} from "./optim/index.ts";
export { measurePeaks, type Peaks } from "./profile/peaks.ts";
export { type ProfileOptions, profile } from "./profile/profile.ts";
export { ProfileReport, printProfile } from "./profile/report.ts";
export { saveProfile } from "./profile/save.ts";
export type { KernelProfile, LaunchProfile, StepProfile } from "./profile/summarize.ts";
export type { ChromeTrace, TraceEvent } from "./profile/trace.ts";
export { type CompileOptions, compile } from "./tensor/compile.ts";
export type { Device } from "./tensor/device.ts";
export { noGrad } from "./tensor/recorder.ts";
export { type NestedArray, Tensor, type TensorLike } from "./tensor/tensor.ts";
export { Variable } from "./tensor/variable.ts";
