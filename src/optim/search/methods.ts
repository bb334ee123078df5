import type { Variable } from "../../tensor/variable.ts";
import { checkCount } from "../schedules/scheduler.ts";
import { type Conjugacy, conjugate, quasiNewton, steepest } from "./directions.ts";
import { SearchOptimizer } from "./searchOptimizer.ts";
import type { SearchOptions } from "./searchTypes.ts";

const defaults = {
  lr: 1,
  maxIter: 20,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  lineSearchFn: "strongWolfe",
} as const;

/** Options with what is left out filled in; evaluations are a quarter more than iterations. */
function withDefaults(options: SearchOptions): Required<SearchOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const all = { ...defaults, ...(Object.fromEntries(given) as SearchOptions) };
  return { maxEval: Math.floor((all.maxIter * 5) / 4), ...all };
}

/** Gradient descent along -g with a backtracking line search (Cauchy 1847; Armijo 1966). */
export class GradientDescent extends SearchOptimizer {
  constructor(parameters: Iterable<Variable>, options: SearchOptions = {}) {
    super(
      "GradientDescent",
      parameters,
      steepest(),
      withDefaults({ lineSearchFn: "armijo", maxEval: 500, ...options }),
    );
  }
}

export interface ConjugateGradientOptions extends SearchOptions {
  /** Fletcher & Reeves, Polak & Ribière cut off at 0 (the default), or Hestenes & Stiefel. */
  readonly method?: Conjugacy;
}

/** Nonlinear conjugate gradients with a strong Wolfe line search. */
export class ConjugateGradient extends SearchOptimizer {
  constructor(
    parameters: Iterable<Variable>,
    { method = "PR+", ...options }: ConjugateGradientOptions = {},
  ) {
    const all = withDefaults({ maxEval: 500, ...options });
    super("ConjugateGradient", parameters, conjugate(method), all);
  }
}

export interface LBFGSOptions extends SearchOptions {
  /** Steps whose curvature is remembered. */
  readonly historySize?: number;
}

/**
 * L-BFGS (Liu & Nocedal 1989): quasi-Newton steps from the last `historySize` of them. As in
 * PyTorch there is no line search unless `lineSearchFn` asks for one; "strongWolfe" is advised.
 */
export class LBFGS extends SearchOptimizer {
  constructor(
    parameters: Iterable<Variable>,
    { historySize = 100, ...options }: LBFGSOptions = {},
  ) {
    checkCount("LBFGS", "historySize", historySize);
    const all = withDefaults({ lineSearchFn: null, ...options });
    super("LBFGS", parameters, quasiNewton(historySize), all);
  }
}
