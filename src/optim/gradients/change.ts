import { add, div, mul, sub } from "../../ops/elementwise/arithmetic.ts";
import { clampMax, maximum } from "../../ops/elementwise/extrema.ts";
import { randn } from "../../ops/random/random.ts";
import { vectorNorm } from "../../ops/reduce/norm.ts";
import { mean } from "../../ops/reduce/reduce.ts";
import { noGrad } from "../../tensor/recorder.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Variable } from "../../tensor/variable.ts";
import { checkBetween } from "../schedules/scheduler.ts";
import { StepNumber } from "../stepNumber.ts";

/** Replaces gradients, each by a function of it and its parameter. */
function change(parameters: Iterable<Variable>, f: (g: Tensor, p: Variable) => Tensor): void {
  noGrad(() => {
    for (const p of parameters) if (p.grad !== null) p.grad = f(p.grad, p);
  });
}

/** All axes but the first: of a Linear or convolution, what one output unit sums over. */
const unitAxes = (x: Tensor): number[] => x.shape.map((_, axis) => axis).slice(1);

/**
 * Gradient centralization (Yong et al. 2020, arXiv:2004.01461): from the gradient of each matrix or
 * convolution its mean over all axes but the first is taken away. Vectors stay as they are.
 */
export function centralizeGradients(parameters: Iterable<Variable>): void {
  change(parameters, (g) => (g.rank < 2 ? g : sub(g, mean(g, unitAxes(g), true))));
}

/**
 * Adaptive gradient clipping (Brock et al. 2021, arXiv:2102.06171, eq. 3): the gradient of each output
 * unit is scaled to at most `clipping` times the norm of its weights (at least `eps`). The paper
 * leaves out the last layer: pass the other parameters.
 */
export function clipGradAdaptive(
  parameters: Iterable<Variable>,
  { clipping = 0.01, eps = 1e-3 }: { clipping?: number; eps?: number } = {},
): void {
  checkBetween("clipGradAdaptive", "clipping", clipping, Number.MIN_VALUE);
  checkBetween("clipGradAdaptive", "eps", eps, 0);
  change(parameters, (g, p) => {
    const most = mul(maximum(unitNorm(p), eps), clipping);
    return mul(g, clampMax(div(most, maximum(unitNorm(g), 1e-6)), 1));
  });
}

const unitNorm = (x: Tensor): Tensor =>
  vectorNorm(x, 2, x.rank < 2 ? undefined : unitAxes(x), true);

/**
 * Annealed noise on gradients (Neelakantan et al. 2015, arXiv:1511.06807): g + N(0, η / (1 + t)^γ),
 * t from 0 on. Draws come from the default generator (`manualSeed`).
 */
export class GradientNoise {
  readonly #parameters: readonly Variable[];
  readonly #deviation: StepNumber;

  constructor(
    parameters: Iterable<Variable>,
    { eta = 0.01, gamma = 0.55 }: { eta?: number; gamma?: number } = {},
  ) {
    checkBetween("GradientNoise", "eta", eta, 0);
    checkBetween("GradientNoise", "gamma", gamma, 0);
    this.#parameters = [...parameters];
    const { device } = this.#parameters[0];
    this.#deviation = new StepNumber(device, (t) => Math.sqrt(eta / t ** gamma));
  }

  /** Call it after `backward()` and before the optimizer's step. */
  apply(): void {
    const deviation = noGrad(() => this.#deviation.next());
    change(this.#parameters, (g) => add(g, mul(deviation, randn(g.shape, { device: g.device }))));
  }
}
