import { backward } from "../autodiff/backward.ts";
import { ShapeError, ValueError } from "../core/errors.ts";
import { tensor } from "../ops/creation/creation.ts";
import { square, sub } from "../ops/elementwise/arithmetic.ts";
import { sqrt } from "../ops/elementwise/elementwise.ts";
import { stack } from "../ops/movement/join.ts";
import { sum } from "../ops/reduce/reduce.ts";
import { compile } from "../tensor/compile.ts";
import type { Device } from "../tensor/device.ts";
import { noGrad } from "../tensor/recorder.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { type Criterion, maxSteps } from "./convergence.ts";
import { Optimizer } from "./optimizer.ts";
import { rules } from "./rule.ts";
import { ConjugateGradient, GradientDescent, LBFGS } from "./search/methods.ts";
import { SearchOptimizer } from "./search/searchOptimizer.ts";
import type { StopReason } from "./search/searchTypes.ts";

export interface MinimizeOptions {
  /**
   * "LBFGS", "ConjugateGradient", "GradientDescent", or a rule: its class (`optim.Adam`) or name. A
   * bundler leaves out rules that are only named: there give the class.
   */
  readonly method?: string | Method;
  /** Options of the method: `{ lr: 0.01 }`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** When to stop; 1000 steps unless given. */
  readonly until?: Criterion;
  /** Told every point as it is reached, the first one included. */
  readonly onStep?: (point: PathPoint, step: number) => void;
  readonly device?: Device;
}

/** A point on the way, with the objective and the norm of the gradient there. */
export interface PathPoint {
  readonly x: readonly number[];
  readonly value: number;
  readonly gradientNorm: number;
}

export interface Minimum {
  /** The lowest point found. */
  readonly x: readonly number[];
  readonly value: number;
  /** Every step's point, the first one included. */
  readonly path: readonly PathPoint[];
  readonly steps: number;
  /** How often the objective and its gradient were computed. */
  readonly evaluations: number;
  /** Why it stopped, in words. */
  readonly reason: string;
}

/** The class of an optimizer, whatever its options. */
export type Method = new (parameters: Variable[], options?: never) => Optimizable;

type Optimizable = { readonly parameters: Iterable<Variable> };

const searches: Readonly<Record<string, Method>> = {
  LBFGS,
  ConjugateGradient,
  GradientDescent,
};

/**
 * Minimizes a function of a vector: for a person with an objective and no network. The path is
 * there to be drawn.
 *
 *     const { x } = await minimize((p) => f(p), [-1.2, 1], { method: "LBFGS" });
 *
 * @param f from a vector [n] to a scalar, in tensor ops
 * @throws ValueError for an unknown method, ShapeError when `f` gives no scalar
 */
export async function minimize(
  f: (x: Tensor) => Tensor,
  x0: readonly number[] | Tensor,
  { method = "LBFGS", options = {}, until = maxSteps(1000), onStep, device }: MinimizeOptions = {},
): Promise<Minimum> {
  const path = new Path(until, onStep);
  const start = x0 instanceof Tensor ? x0 : tensor([...x0], { device });
  const x = new Variable(start, { name: "x", requiresGrad: true });
  const optimizer = make(typeof method === "string" ? methodNamed(method) : method, x, options);
  if (optimizer instanceof SearchOptimizer) return searching(f, x, optimizer, path);
  return stepping(f, x, optimizer as Optimizer, path);
}

function make(Class: Method, x: Variable, options: object): Optimizable {
  const search = Class.prototype instanceof SearchOptimizer;
  const lineSearchFn = Class === GradientDescent ? "armijo" : "strongWolfe";
  const endless = { lineSearchFn, maxIter: Infinity, maxEval: Infinity };
  return new Class([x], (search ? { ...endless, ...options } : options) as never);
}

function methodNamed(method: string): Method {
  const rule = rules.find(({ name }) => name === method);
  if (rule !== undefined) return Optimizer.bind(null, rule) as unknown as Method;
  if (Object.hasOwn(searches, method)) return searches[method];
  const known = [...Object.keys(searches), ...rules.map(({ name }) => name)];
  throw new ValueError(
    `minimize: unknown method "${method}". Use one of ${known.join(", ")}, or a class: optim.Adam.`,
  );
}

/** The objective with its gradient at the present point. */
function evaluate(f: (x: Tensor) => Tensor, x: Variable): Tensor {
  const value = f(x);
  if (!(value instanceof Tensor) || value.size !== 1) {
    const got = value instanceof Tensor ? `[${value.shape.join(", ")}]` : String(value);
    throw new ShapeError(`minimize: the function gives no scalar; got ${got}. Sum or average it.`);
  }
  const scalar = value.reshape([]);
  x.grad = null;
  backward(scalar);
  return scalar;
}

async function stepping(
  f: (x: Tensor) => Tensor,
  x: Variable,
  optimizer: Optimizer,
  path: Path,
): Promise<Minimum> {
  const step = compile(() => {
    const value = evaluate(f, x);
    const seen = noGrad(() => [stack([value, sqrt(sum(square(x.grad!)))]), sub(x, 0)]);
    void optimizer.step();
    return seen;
  });
  for (let evaluations = 1; ; evaluations++) {
    const [numbers, at] = await step();
    const [value, gradientNorm] = await numbers.data();
    const stops = path.add({ x: [...(await at.data())], value, gradientNorm });
    if (stops) return path.end(evaluations, path.reason!);
  }
}

async function searching(
  f: (x: Tensor) => Tensor,
  x: Variable,
  optimizer: SearchOptimizer,
  path: Path,
): Promise<Minimum> {
  const run = optimizer.iterate(() => evaluate(f, x));
  for (;;) {
    const { done, value: seen } = await run.next();
    if (done) return path.end(seen.evaluations, ENDINGS[seen.reason]);
    const { loss: value, gradientNorm, evaluations } = seen;
    const stops = path.add({ x: [...(await x.data())], value, gradientNorm });
    if (stops) return path.end(evaluations, path.reason!);
  }
}

/** Words for what ends a line search. */
const ENDINGS: Readonly<Record<StopReason, string>> = {
  gradient: "the gradient vanishes",
  change: "the function or the point hardly changes any more",
  noDescent: "the line search found no lower point",
  notFinite: "the function is not finite here",
  maxIter: "maxIter iterations were made",
  maxEval: "maxEval evaluations were made",
};

/** The points on the way, and why it ends where a criterion says so. */
class Path {
  reason: string | null = null;
  readonly #points: PathPoint[] = [];
  readonly #until: Criterion;
  readonly #onStep: MinimizeOptions["onStep"];

  constructor(until: Criterion, onStep: MinimizeOptions["onStep"]) {
    this.#until = until;
    this.#onStep = onStep;
  }

  /** @returns whether to stop here */
  add(point: PathPoint): boolean {
    const last = this.#points.at(-1);
    this.#points.push(point);
    this.#onStep?.(point, this.#points.length - 1);
    const { value: loss, gradientNorm } = point;
    if (!Number.isFinite(loss)) this.reason = ENDINGS.notFinite;
    else {
      const parameterChange = last === undefined ? Infinity : relativeChange(last.x, point.x);
      const step = this.#points.length - 1;
      this.reason = this.#until.check({ step, loss, gradientNorm, parameterChange });
    }
    return this.reason !== null;
  }

  end(evaluations: number, reason: string): Minimum {
    const path = this.#points;
    const best = path.reduce((a, b) => (b.value < a.value ? b : a));
    return { x: best.x, value: best.value, path, steps: path.length - 1, evaluations, reason };
  }
}

function relativeChange(before: readonly number[], now: readonly number[]): number {
  const size = Math.hypot(...before);
  return Math.hypot(...now.map((v, i) => v - before[i])) / (size === 0 ? 1 : size);
}
