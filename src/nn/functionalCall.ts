import { ValueError } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import type { Module } from "./module.ts";

/** A module with a forward function of any arguments. */
type Callable<A extends unknown[], R> = Module & { forward(...inputs: A): R };

/** Tensors by the names of parameters and buffers: `{ "0.weight": w, "0.bias": b }`. */
export type Values = Readonly<Record<string, Tensor>>;

/**
 * `model.forward(...inputs)` with other values for parameters and buffers, whose own stay as they
 * are: a model as a function of its parameters, for `grad`, `hvp` or per-example gradients by
 * `vmap`. Names that are not given keep the model's value.
 *
 *     const loss = (p: Values, x: Tensor, y: Tensor) =>
 *       crossEntropy(functionalCall(model, p, x), y);
 *     const each = vmap(grad(loss), { inAxes: [null, 0, 0] })(parametersOf(model), x, y);
 *
 * @throws ValueError for a name that the model does not have; ShapeError, DTypeError or
 *   DeviceError for a value that does not fit
 */
export function functionalCall<A extends unknown[], R>(
  model: Callable<A, R>,
  values: Values,
  ...inputs: A
): R {
  const known = new Map<string, Variable>([...model.namedParameters(), ...model.namedBuffers()]);
  const pairs = Object.entries(values).map(([name, value]) => {
    const variable = known.get(name);
    if (variable !== undefined) return [variable, value] as const;
    throw new ValueError(
      `functionalCall: the model has no parameter or buffer "${name}"; it has ` +
        `${[...known.keys()].join(", ")}. Use these names.`,
    );
  });
  return Variable.withValues(pairs, () => model.forward(...inputs));
}

/** The present values of a model's parameters by name: the first argument of `functionalCall`. */
export const parametersOf = (model: Module): Record<string, Tensor> =>
  Object.fromEntries(model.namedParameters());
