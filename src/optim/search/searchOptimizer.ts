import { ShapeError, ValueError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { add, mul } from "../../ops/elementwise/arithmetic.ts";
import { abs } from "../../ops/elementwise/extrema.ts";
import { sum } from "../../ops/reduce/reduce.ts";
import { max } from "../../ops/reduce/reduceExtrema.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { checkParameters } from "../flatParameters.ts";
import { type Direction, dot, type LastStep } from "./directions.ts";
import { backtracking, type Line, type LineSearch, strongWolfe, type Trial } from "./lineSearch.ts";
import { ParameterVector, read } from "./parameterVector.ts";

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
export type StopReason =
  | "gradient"
  | "change"
  | "maxIter"
  | "maxEval"
  | "noDescent"
  | "stopped"
  | "notFinite";

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
  readonly loss: number;
  readonly gradientNorm: number;
}

/** Sees the start and every iteration's end; true stops the search there. */
export type Watch = (seen: Iterate) => boolean | Promise<boolean>;

/** Where the search stands between calls of `step`. */
interface State {
  direction: Tensor;
  t: number;
  gradient: Tensor;
  value: number;
}

/**
 * Minimizes a whole objective by line searches along the directions of a method: `step(closure)`
 * evaluates as often as it needs. The base of gradient descent, conjugate gradients and L-BFGS.
 */
export class SearchOptimizer {
  readonly name: string;
  readonly options: Required<SearchOptions>;
  readonly #vector: ParameterVector;
  readonly #directions: Direction;
  #last: State | null = null;

  constructor(
    name: string,
    parameters: Iterable<Variable>,
    directions: Direction,
    options: Required<SearchOptions>,
  ) {
    this.name = name;
    this.options = options;
    checkSearchOptions(name, options);
    this.#vector = new ParameterVector(checkParameters(name, parameters));
    this.#directions = directions;
  }

  get parameters(): readonly Variable[] {
    return this.#vector.parameters;
  }

  zeroGrad(): void {
    for (const p of this.#vector.parameters) p.grad = null;
  }

  /**
   * Up to `maxIter` iterations from the present point.
   * @throws ShapeError when the closure returns no scalar
   */
  async step(closure: Closure, watch?: Watch): Promise<SearchResult> {
    const { maxIter, maxEval, toleranceGrad, toleranceChange } = this.options;
    const first = await this.#evaluate(closure, null);
    let { value, gradient } = first;
    let evaluations = 1;
    let iterations = 0;
    const end = (reason: StopReason): SearchResult => {
      return { first: first.value, loss: value, iterations, evaluations, reason };
    };
    if (!Number.isFinite(value)) return end("notFinite");
    let [largest, total, squares] = await sizes(gradient);
    if (await watch?.({ iterations, loss: value, gradientNorm: Math.sqrt(squares) })) {
      return end("stopped");
    }
    if (largest <= toleranceGrad) return end("gradient");
    while (iterations < maxIter) {
      iterations++;
      const direction = await noGrad(() => this.#directions.next(gradient, this.#lastStep()));
      const length =
        this.#last === null ? Math.min(1, 1 / total) * this.options.lr : this.options.lr;
      const [slope, reach] = await noGrad(() =>
        read(dot(gradient, direction), max(abs(direction))),
      );
      const start: Trial = { t: 0, value, slope, gradient };
      this.#last = { direction, t: length, gradient, value };
      if (slope > -toleranceChange) return end("change");
      const last = iterations === maxIter;
      const found = await this.#search(closure, start, direction, reach, length, last);
      evaluations += found.evaluations;
      this.#last.t = found.trial.t;
      if (!found.descends && this.options.lineSearchFn !== null) return end("noDescent");
      const before = value;
      ({ value, gradient } = found.trial);
      if (last) return end("maxIter");
      if (!Number.isFinite(value)) return end("notFinite");
      [largest, total, squares] = await sizes(gradient);
      if (await watch?.({ iterations, loss: value, gradientNorm: Math.sqrt(squares) })) {
        return end("stopped");
      }
      if (evaluations >= maxEval) return end("maxEval");
      if (largest <= toleranceGrad) return end("gradient");
      if (reach * found.trial.t <= toleranceChange) return end("change");
      if (Math.abs(value - before) < toleranceChange) return end("change");
    }
    return end("maxIter");
  }

  #lastStep(): LastStep | null {
    return this.#last;
  }

  /** A trial along the direction; the parameters stand at its end afterwards. */
  async #search(
    closure: Closure,
    start: Trial,
    direction: Tensor,
    reach: number,
    length: number,
    last: boolean,
  ) {
    const origin = noGrad(() => this.#vector.point());
    const moveTo = (t: number) =>
      noGrad(() => this.#vector.moveTo(t === 0 ? origin : add(origin, mul(direction, t))));
    const at = async (t: number): Promise<Trial> => {
      moveTo(t);
      return { ...(await this.#evaluate(closure, direction)), t };
    };
    const { lineSearchFn, toleranceChange } = this.options;
    if (lineSearchFn === null) {
      // The last iteration's end is evaluated by the next call of step.
      if (last) moveTo(length);
      const trial = last ? { ...start, t: length } : await at(length);
      return { trial, evaluations: last ? 0 : 1, descends: true };
    }
    const search: LineSearch =
      lineSearchFn === "armijo" ? backtracking : strongWolfe(toleranceChange);
    const line: Line = { start, reach, at };
    const found = await search(line, length);
    moveTo(found.trial.t);
    return found;
  }

  async #evaluate(closure: Closure, direction: Tensor | null): Promise<Omit<Trial, "t">> {
    const loss = await closure();
    if (!(loss instanceof Tensor) || loss.size !== 1) {
      const got = loss instanceof Tensor ? show(loss.shape) : String(loss);
      throw new ShapeError(
        `${this.name}: the closure returns no scalar loss; got ${got}. Return one number, such as ` +
          "the mean over the batch.",
      );
    }
    const gradient = noGrad(() => this.#vector.gradient());
    if (direction === null) return { value: await loss.item(), slope: 0, gradient };
    const flat = loss.rank === 0 ? loss : loss.reshape([]);
    const [value, slope] = await noGrad(() => read(flat, dot(gradient, direction)));
    return { value, slope, gradient };
  }
}

/** The largest element of a gradient, the sum of all by size, and of their squares. */
const sizes = (gradient: Tensor): Promise<number[]> =>
  noGrad(() => read(max(abs(gradient)), sum(abs(gradient)), dot(gradient, gradient)));

const SEARCHES = ["strongWolfe", "armijo", null];

function checkSearchOptions(name: string, options: Required<SearchOptions>): void {
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
