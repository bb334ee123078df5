import { ShapeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { add, mul } from "../../ops/elementwise/arithmetic.ts";
import { abs } from "../../ops/elementwise/extrema.ts";
import { max } from "../../ops/reduce/reduceExtrema.ts";
import { noGrad } from "../../tensor/recorder.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { checkParameters } from "../flatParameters.ts";
import { type Direction, dot, type LastStep } from "./directions.ts";
import { backtracking, type Line, type LineSearch, strongWolfe, type Trial } from "./lineSearch.ts";
import { ParameterVector, read } from "./parameterVector.ts";
import { measured, type Point, seenAt } from "./point.ts";
import {
  type Closure,
  checkSearchOptions,
  type Iterate,
  type SearchOptions,
  type SearchResult,
  type StopReason,
} from "./searchTypes.ts";

/** What one iteration has led to; a reason where it ends the search. */
interface Iteration {
  readonly end: Omit<Trial, "slope" | "t">;
  readonly evaluations: number;
  readonly reason: StopReason | null;
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
  #last: LastStep | null = null;

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
   * Up to `maxIter` iterations from the present point, whose value is computed first, as in PyTorch:
   * a step of many iterations evaluates less often than many steps of one.
   * @throws ShapeError when the closure returns no scalar
   */
  async step(closure: Closure): Promise<SearchResult> {
    const run = this.#run(closure, false);
    for (;;) {
      const { done, value } = await run.next();
      if (done) return value;
    }
  }

  /**
   * The iterations of a `step` one by one, the start first: whoever looks at each decides whether
   * the next is made. The parameters stand at the point, and nothing is computed twice.
   */
  iterate(closure: Closure): AsyncGenerator<Iterate, SearchResult, void> {
    return this.#run(closure, true);
  }

  /** @param looked whether somebody looks at where the last iteration leads */
  async *#run(closure: Closure, looked: boolean): AsyncGenerator<Iterate, SearchResult, void> {
    const { maxIter, maxEval } = this.options;
    let here = await measured(await this.#evaluate(closure, null));
    const made = { first: here.value, iterations: 0, evaluations: 1 };
    yield seenAt(here, made);
    let reason = this.#endsAt(here);
    while (reason === null && made.iterations < maxIter) {
      made.iterations++;
      const last = made.iterations === maxIter && !looked;
      const { end, evaluations, reason: ends } = await this.#iterate(closure, here, last);
      made.evaluations += evaluations;
      if (last || ends === "noDescent") {
        return { ...made, loss: end.value, reason: ends === "noDescent" ? ends : "maxIter" };
      }
      here = await measured(end);
      yield seenAt(here, made);
      reason = this.#endsAt(here);
      if (reason === null && made.evaluations >= maxEval) reason = "maxEval";
      reason ??= ends;
    }
    return { ...made, loss: here.value, reason: reason ?? "maxIter" };
  }

  /** Why the search should end here, or null. */
  #endsAt({ value, largest }: Point): StopReason | null {
    if (!Number.isFinite(value)) return "notFinite";
    return largest <= this.options.toleranceGrad ? "gradient" : null;
  }

  /** Chooses a direction and searches along it. */
  async #iterate(closure: Closure, here: Point, last: boolean): Promise<Iteration> {
    const { toleranceChange, lineSearchFn } = this.options;
    const { value, gradient } = here;
    const direction = await noGrad(() => this.#directions.next(gradient, this.#last));
    const [slope, reach] = await noGrad(() => read(dot(gradient, direction), max(abs(direction))));
    const t = this.#firstTrial(here, slope);
    this.#last = { direction, t, gradient, slope };
    if (slope > -toleranceChange) return { end: here, evaluations: 0, reason: "change" };
    const start: Trial = { t: 0, value, slope, gradient };
    const found = await this.#search(closure, start, direction, reach, t, last);
    const { trial: end, evaluations } = found;
    this.#last = { direction, t: end.t, gradient, slope };
    if (!found.descends && lineSearchFn !== null) return { end, evaluations, reason: "noDescent" };
    const change = Math.min(reach * end.t, Math.abs(end.value - value));
    return { end, evaluations, reason: change <= toleranceChange ? "change" : null };
  }

  /**
   * Where a search begins: at `lr`, for directions with a length of their own, and else where it
   * would change the objective to first order as much as the step before did (Nocedal & Wright
   * 2006, section 3.5).
   */
  #firstTrial({ total }: Point, slope: number): number {
    const { lr, lineSearchFn } = this.options;
    const last = this.#last;
    if (last === null) return Math.min(1, 1 / total) * lr;
    if (this.#directions.hasLength || lineSearchFn === null) return lr;
    const t = (last.t * last.slope) / slope;
    return t > 0 && t < Infinity ? t : Math.min(1, 1 / total) * lr;
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
