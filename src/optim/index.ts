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
export { type MinimizeOptions, type Minimum, minimize, type PathPoint } from "./minimize.ts";
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
export { AdaBelief } from "./rules/adabelief.ts";
export { Adadelta } from "./rules/adadelta.ts";
export { Adafactor } from "./rules/adafactor.ts";
export { Adagrad } from "./rules/adagrad.ts";
export { Adam } from "./rules/adam.ts";
export { Adamax } from "./rules/adamax.ts";
export { AdamW } from "./rules/adamw.ts";
export { Adan } from "./rules/adan.ts";
export { ASGD } from "./rules/asgd.ts";
export { LAMB } from "./rules/lamb.ts";
export { LARS } from "./rules/lars.ts";
export { Lion } from "./rules/lion.ts";
export { Muon } from "./rules/muon.ts";
export { NAdam } from "./rules/nadam.ts";
export { Prodigy } from "./rules/prodigy.ts";
export { RAdam } from "./rules/radam.ts";
export { RMSprop } from "./rules/rmsprop.ts";
export { Rprop } from "./rules/rprop.ts";
export { ScheduleFree } from "./rules/scheduleFree.ts";
export { SGD } from "./rules/sgd.ts";
export { SGLD } from "./rules/sgld.ts";
export { SignSGD } from "./rules/signSgd.ts";
export { SparseAdam } from "./rules/sparseAdam.ts";
export { Yogi } from "./rules/yogi.ts";
export * from "./schedules/index.ts";
export * from "./search/index.ts";
export type { OptimizerState, ParameterState } from "./state.ts";
export { GradientAccumulation } from "./wrappers/accumulation.ts";
export { AveragedParameters, EMA, SWA } from "./wrappers/averaged.ts";
export { Lookahead } from "./wrappers/lookahead.ts";
export { LossScaler, type LossScalerOptions } from "./wrappers/lossScaler.ts";
export { ASAM, SAM } from "./wrappers/sharpness.ts";
export type { Steppable } from "./wrappers/steppable.ts";
