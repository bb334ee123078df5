import type { Tensor } from "../tensor/tensor.ts";
import { Variable, type VariableOptions } from "../tensor/variable.ts";

/** A variable that training changes: `Module.parameters()` finds it by its class. */
export class Parameter extends Variable {
  constructor(value: Tensor, options: VariableOptions = {}) {
    super(value, { requiresGrad: true, ...options });
  }
}
