export { Adam } from "./adam.ts";
export { AdamW } from "./adamw.ts";
export {
  type ClipOptions,
  clipGradNorm,
  clipGradValue,
  type GradientNorms,
  gradNorms,
} from "./clip.ts";
export { defineOptimizer, Optimizer, type Rule, rules } from "./optimizer.ts";
export { SGD } from "./sgd.ts";
