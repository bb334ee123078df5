import { optim, type Variable } from "tapegrad";
import type { SurfaceName } from "./objectives.ts";

export const methodNames = [
  "sgd",
  "momentum",
  "nesterov",
  "rmsprop",
  "adam",
  "lion",
  "cg",
  "lbfgs",
] as const;
export type MethodName = (typeof methodNames)[number];

/** A learning rate for each surface. */
type Rates = Readonly<Record<SurfaceName, number>>;

/** Steps by the gradient of each point, with a learning rate. */
export interface Stepping {
  readonly label: string;
  readonly rates: Rates;
  create(p: Variable, lr: number): Pick<optim.Optimizer, "step" | "zeroGrad">;
}

/** Finds the length of each step by a line search. */
export interface Searching {
  readonly label: string;
  readonly rates: null;
  create(p: Variable): optim.SearchOptimizer;
}

/** As many iterations as somebody looks at, each with a search for a length that descends enough. */
const endless = { maxIter: Infinity, maxEval: Infinity, lineSearchFn: "strongWolfe" } as const;

/** Rates under which each method shows its character. */
const rates = (
  rosenbrock: number,
  ravine: number,
  saddle: number,
  beale: number,
  himmelblau: number,
): Rates => ({ rosenbrock, ravine, saddle, beale, himmelblau });

export const methods: Readonly<Record<MethodName, Stepping | Searching>> = {
  sgd: {
    label: "SGD",
    rates: rates(2e-3, 0.06, 0.1, 0.01, 0.01),
    create: (p, lr) => new optim.SGD([p], { lr }),
  },
  momentum: {
    label: "Momentum",
    rates: rates(1e-3, 0.02, 0.05, 2e-3, 3e-3),
    create: (p, lr) => new optim.SGD([p], { lr, momentum: 0.9 }),
  },
  nesterov: {
    label: "Nesterov",
    rates: rates(1e-3, 0.02, 0.05, 2e-3, 3e-3),
    create: (p, lr) => new optim.SGD([p], { lr, momentum: 0.9, nesterov: true }),
  },
  rmsprop: {
    label: "RMSprop",
    rates: rates(0.02, 0.05, 0.03, 0.03, 0.05),
    create: (p, lr) => new optim.RMSprop([p], { lr, alpha: 0.9 }),
  },
  adam: {
    label: "Adam",
    rates: rates(0.1, 0.2, 0.05, 0.2, 0.2),
    create: (p, lr) => new optim.Adam([p], { lr }),
  },
  lion: {
    label: "Lion",
    rates: rates(0.02, 0.03, 0.03, 0.03, 0.05),
    create: (p, lr) => new optim.Lion([p], { lr }),
  },
  cg: {
    label: "Conjugate gradient",
    rates: null,
    create: (p) => new optim.ConjugateGradient([p], endless),
  },
  lbfgs: {
    label: "L-BFGS",
    rates: null,
    create: (p) => new optim.LBFGS([p], endless),
  },
};
