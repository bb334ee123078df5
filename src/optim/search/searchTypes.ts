import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface SearchOptions {
  /** The first step length of every search; without a search the step length itself. */
  readonly lr?: number;
  /** Iterations of one `step`. */
  readonly maxIter?: number;
  /** Evaluations of the closure in one `step`. */
  readonly maxEval?: number;
  /** Ends where no element of the gradient is larger. */
  readonly toleranceGrad?: number;
  /** Ends where neither the objective nor a parameter changes by more. */
  readonly toleranceChange?: number;
  readonly lineSearchFn?: "strongWolfe" | "armijo" | null;
}

/** Why a `step` ended. */
export type StopReason = "gradient" | "change" | "maxIter" | "maxEval" | "noDescent" | "notFinite";

export interface SearchResult {
  /** The objective before and after. */
  readonly first: number;
  readonly loss: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly reason: StopReason;
}

/** Computes the objective and its gradient: zeroGrad, backward, and returns the loss. */
export type Closure = () => Tensor | Promise<Tensor>;

/** Where an iteration has led; the parameters stand there. */
export interface Iterate {
  readonly iterations: number;
  readonly evaluations: number;
  readonly loss: number;
  /** Of all parameters side by side [elements]. */
  readonly gradient: Tensor;
  readonly gradientNorm: number;
}

const SEARCHES = ["strongWolfe", "armijo", null];

/** @throws ValueError for numbers below 0 and unknown line searches */
export function checkSearchOptions(name: string, options: Required<SearchOptions>): void {
  const { lineSearchFn, ...numbers } = options;
  for (const [option, value] of Object.entries(numbers)) {
    if (typeof value === "number" && value >= 0) continue;
    throw new ValueError(
      `${name}: ${option} must be at least 0; got ${value}. Change that option.`,
    );
  }
  if (!SEARCHES.includes(lineSearchFn)) {
    throw new ValueError(
      `${name}: unknown lineSearchFn ${JSON.stringify(lineSearchFn)}. ` +
        'Use "strongWolfe", "armijo" or null.',
    );
  }
}
