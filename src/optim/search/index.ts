export type { Conjugacy } from "./directions.ts";
export {
  ConjugateGradient,
  type ConjugateGradientOptions,
  GradientDescent,
  LBFGS,
  type LBFGSOptions,
} from "./methods.ts";
export { SearchOptimizer } from "./searchOptimizer.ts";
export type {
  Closure,
  Iterate,
  SearchOptions,
  SearchResult,
  StopReason,
} from "./searchTypes.ts";
