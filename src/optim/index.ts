export * from "./convergence.ts";
export { centralizeGradients, clipGradAdaptive, GradientNoise } from "./gradients/change.ts";
export {
  type ClipOptions,
  clipGradNorm,
  clipGradValue,
  type GradientNorms,
  gradNorms,
} from "./gradients/clip.ts";
export { PercentileClip } from "./gradients/percentileClip.ts";
export { decayGroups, GradualUnfreezing, layerwiseDecay } from "./groups.ts";
export { type LrFinderOptions, type LrFinderResult, lrFinder } from "./lrFinder.ts";
export {
  type Method,
  type MinimizeOptions,
  type Minimum,
  minimize,
  type PathPoint,
} from "./minimize.ts";
export {
  errorOnNonFinite,
  type NonFinitePolicy,
  type NonFiniteWatch,
  skipNonFinite,
  zeroNonFinite,
} from "./nonFinite.ts";
export { defineOptimizer, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export type { GivenGroup, ParameterGroup } from "./parameterGroups.ts";
export { type Rule, rules } from "./rule.ts";
export * from "./rules/index.ts";
export * from "./schedules/index.ts";
export * from "./search/index.ts";
export type { OptimizerState, ParameterState } from "./state.ts";
export { GradientAccumulation } from "./wrappers/accumulation.ts";
export { AveragedParameters, EMA, SWA } from "./wrappers/averaged.ts";
export { Lookahead } from "./wrappers/lookahead.ts";
export { LossScaler, type LossScalerOptions } from "./wrappers/lossScaler.ts";
export { ASAM, SAM } from "./wrappers/sharpness.ts";
export type { Steppable } from "./wrappers/steppable.ts";
