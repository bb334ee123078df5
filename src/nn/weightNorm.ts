import { ValueError } from "../core/errors.ts";
import { div, mul, square } from "../ops/elementwise/arithmetic.ts";
import { sqrt } from "../ops/elementwise/elementwise.ts";
import { sum } from "../ops/reduce/reduce.ts";
import { noGrad } from "../tensor/recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { findParameter, replaceParameter, restoreParameter } from "./reparametrize.ts";

/**
 * Makes a weight a length times a direction, w = g · v / ‖v‖, and trains those: parameters
 * `weight_g` and `weight_v` stand in the state dict in place of `weight`. The layer's property
 * gives the product. Make optimizers after it: the parameters are other ones.
 *
 *     const layer = nn.weightNorm(new nn.Linear(20, 40));
 *
 * @param dim the axis along which lengths are kept apart; null for one length of the whole weight
 * @returns the module
 * @throws ValueError for a name or an axis that is not there
 * Source: Salimans & Kingma 2016, arXiv:1602.07868, eq. 2.
 */
export function weightNorm<M extends Module>(
  module: M,
  name = "weight",
  dim: number | null = 0,
): M {
  const found = findParameter("weightNorm", module, name);
  const { rank } = found.parameter;
  const axis = dim === null ? null : dim < 0 ? dim + rank : dim;
  if (axis !== null && !(Number.isInteger(axis) && axis >= 0 && axis < rank)) {
    throw new ValueError(
      `weightNorm: there is no axis ${dim}; got "${found.name}" of rank ${rank}. Use 0, or null ` +
        "for one length.",
    );
  }
  const axes = found.parameter.shape.flatMap((_, d) => (d === axis ? [] : [d]));
  const lengths = (x: Tensor) => sqrt(sum(square(x), axes, axis !== null));
  const parameter = (ending: string, value: Tensor) =>
    new Parameter(value, { name: found.name + ending });
  const [g, v] = noGrad(() => [
    parameter("_g", lengths(found.parameter)),
    parameter("_v", found.parameter),
  ]) as [Parameter, Parameter];
  replaceParameter(module, {
    by: "weightNorm",
    property: found.property,
    name: found.name,
    value: () => mul(v, div(g, lengths(v))),
    parts: { [`${found.name}_g`]: g, [`${found.name}_v`]: v },
  });
  return module;
}

/** Makes the weight a plain parameter again, of the present value. @throws ValueError */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  restoreParameter("removeWeightNorm", "weightNorm", module, name);
  return module;
}
