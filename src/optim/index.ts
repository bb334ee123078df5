export {
  type ClipOptions,
  clipGradNorm,
  clipGradValue,
  type GradientNorms,
  gradNorms,
} from "./clip.ts";
export type { NonFinitePolicy } from "./nonFinite.ts";
export { defineOptimizer, Optimizer, type OptimizerOptions } from "./optimizer.ts";
export type { GivenGroup, ParameterGroup } from "./parameterGroups.ts";
export { type Rule, rules } from "./rule.ts";
export { Adadelta } from "./rules/adadelta.ts";
export { Adagrad } from "./rules/adagrad.ts";
export { Adam } from "./rules/adam.ts";
export { Adamax } from "./rules/adamax.ts";
export { AdamW } from "./rules/adamw.ts";
export { ASGD } from "./rules/asgd.ts";
export { NAdam } from "./rules/nadam.ts";
export { RAdam } from "./rules/radam.ts";
export { RMSprop } from "./rules/rmsprop.ts";
export { Rprop } from "./rules/rprop.ts";
export { SGD } from "./rules/sgd.ts";
export * from "./schedules/index.ts";
export type { OptimizerState, ParameterState } from "./state.ts";
