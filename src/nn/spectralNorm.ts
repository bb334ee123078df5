import { ValueError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { tensor } from "../ops/creation/creation.ts";
import { div, mul, square } from "../ops/elementwise/arithmetic.ts";
import { sqrt } from "../ops/elementwise/elementwise.ts";
import { maximum } from "../ops/elementwise/extrema.ts";
import { matmul } from "../ops/linalg/matmul.ts";
import { permute, reshape, transpose } from "../ops/movement/movement.ts";
import { sum } from "../ops/reduce/reduce.ts";
import { noGrad } from "../tensor/recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { normalOnHost, type SeedOptions } from "./draws.ts";
import { type Callable, registerForwardPreHook } from "./hooks.ts";
import { Parameter } from "./parameter.ts";
import { findParameter, replaceParameter, restoreParameter } from "./reparametrize.ts";

export interface SpectralNormOptions extends SeedOptions {
  /** Which parameter; the default is "weight". */
  readonly name?: string;
  /** Steps of power iteration at each call in training; the default is 1. */
  readonly nPowerIterations?: number;
  /** The least length that a vector is divided by; the default is 1e-12. */
  readonly eps?: number;
  /** The axis of the outputs; the default is 0, and 1 for transposed convolutions. */
  readonly dim?: number;
}

/**
 * Divides a weight by its largest singular value σ, which power iteration estimates: `weight_orig`
 * is trained, and the buffers `weight_u` and `weight_v` are the singular vectors. They change in
 * training only, once at each call. σ = uᵀ W v is differentiated with u and v as constants.
 * The weight counts as a matrix of `dim` and all other axes.
 *
 * @returns the module
 * @throws ValueError for a name, an axis or an option that cannot be
 * Source: Miyato et al. 2018, arXiv:1802.05957, Algorithm 1.
 */
export function spectralNorm<M extends Callable>(module: M, options: SpectralNormOptions = {}): M {
  const { name = "weight", nPowerIterations = 1, eps = 1e-12 } = options;
  const found = findParameter("spectralNorm", module, name);
  const { rank, shape, device } = found.parameter;
  const dim = options.dim ?? (isTransposed(module) ? 1 : 0);
  const axis = dim < 0 ? dim + rank : dim;
  check("dim", dim, Number.isInteger(axis) && axis >= 0 && axis < rank, `an axis of ${rank}`);
  const whole = Number.isInteger(nPowerIterations) && nPowerIterations > 0;
  check("nPowerIterations", nPowerIterations, whole, "a whole number above 0");
  check("eps", eps, eps > 0, "a positive number");
  const order = [axis, ...shape.flatMap((_, d) => (d === axis ? [] : [d]))];
  const rows = shape[axis]!;
  const matrix = (w: Tensor) => reshape(permute(w, order), [rows, sizeOf(shape) / (rows || 1)]);
  const unit = (x: Tensor) => div(x, maximum(sqrt(sum(square(x))), eps));
  const start = (size: number) =>
    unit(tensor(normalOnHost(size, 0, 1, options), { shape: [size], device }));
  const buffer = (ending: string, value: Tensor) =>
    new Variable(value, { name: found.name + ending });
  const [orig, u, v] = noGrad(() => [
    new Parameter(found.parameter, { name: `${found.name}_orig` }),
    buffer("_u", start(rows)),
    buffer("_v", start(sizeOf(shape) / (rows || 1))),
  ]) as [Parameter, Variable, Variable];
  const improve = (): undefined => {
    if (!module.training) return;
    noGrad(() => {
      const w = matrix(orig);
      let left: Tensor = u;
      let right: Tensor = v;
      for (let i = 0; i < nPowerIterations; i++) {
        right = unit(matmul(transpose(w), left));
        left = unit(matmul(w, right));
      }
      u.assign(left);
      v.assign(right);
    });
  };
  const hook = registerForwardPreHook(module, improve);
  replaceParameter(module, {
    by: "spectralNorm",
    property: found.property,
    name: found.name,
    value: () => div(orig, sum(mul(u, matmul(matrix(orig), v)))),
    parts: { [`${found.name}_orig`]: orig, [`${found.name}_u`]: u, [`${found.name}_v`]: v },
    done: hook.remove,
  });
  return module;
}

/** Makes the weight a plain parameter again, of the present value. @throws ValueError */
export function removeSpectralNorm<M extends Callable>(module: M, name = "weight"): M {
  restoreParameter("removeSpectralNorm", "spectralNorm", module, name);
  return module;
}

/** Their weights are [inChannels, outChannels / groups, …]. */
const isTransposed = (module: Callable): boolean => "outputPadding" in module;

function check(option: string, got: number, ok: boolean, wanted: string): void {
  if (ok) return;
  throw new ValueError(`spectralNorm: ${option} is not ${wanted}; got ${got}. Change that option.`);
}
