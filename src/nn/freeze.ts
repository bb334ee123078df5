import { ValueError } from "../core/errors.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

export interface FreezeOptions {
  /** Which parameters; all without it. Names are as in the module's state dict. */
  readonly where?: (name: string, parameter: Parameter) => boolean;
}

/**
 * Its parameters no longer require gradients (`requiresGrad`), and those they have are forgotten:
 * optimizers leave a parameter without a gradient as it is, weight decay included. Nothing else
 * changes: running statistics of norms still follow the data in training, as in PyTorch; call
 * `eval()` to stop them too. A compiled step records a graph of its own for what is frozen.
 *
 *     freeze(model.features); // train the rest
 *     freeze(model, { where: (name) => name.endsWith("bias") });
 *
 * @returns how many parameters were chosen
 */
export function freeze(module: Module, options: FreezeOptions = {}): number {
  const chosen = choose("freeze", module, options);
  for (const parameter of chosen) {
    parameter.requiresGrad = false;
    parameter.grad = null;
  }
  return chosen.length;
}

/** Its parameters require gradients again. @returns how many parameters were chosen */
export function unfreeze(module: Module, options: FreezeOptions = {}): number {
  const chosen = choose("unfreeze", module, options);
  for (const parameter of chosen) parameter.requiresGrad = true;
  return chosen.length;
}

function choose(op: string, module: Module, { where = () => true }: FreezeOptions): Parameter[] {
  if (!(module instanceof Module)) {
    throw new ValueError(
      `${op}: this is not a module; got ${String(module)}. Pass a model or a part of one; of a ` +
        "single parameter, set requiresGrad.",
    );
  }
  const found = module.namedParameters().filter(([name, parameter]) => where(name, parameter));
  return found.map(([, parameter]) => parameter);
}
