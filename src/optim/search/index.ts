export type { Conjugacy } from "./directions.ts";
export {
  ConjugateGradient,
  type ConjugateGradientOptions,
  GradientDescent,
  LBFGS,
  type LBFGSOptions,
} from "./methods.ts";
export {
  type Closure,
  SearchOptimizer,
  type SearchOptions,
  type SearchResult,
  type StopReason,
} from "./searchOptimizer.ts";
