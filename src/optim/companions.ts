import { Flat } from "../tensor/flat.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { flatten } from "./flatParameters.ts";

/** Parameters in one buffer and, element by element beside them, values that belong to them. */
export interface Companion {
  readonly parameters: readonly Variable[];
  /** The parameters' own buffer. */
  readonly values: Flat;
  readonly beside: Flat;
}

/**
 * Values beside parameters (averages, slow weights), in buffers of the same layout, so that one
 * kernel serves the whole model. Parameters that an optimizer has packed stay where they are.
 */
export function companionsOf(op: string, given: Iterable<Variable>): Companion[] {
  return flatten(op, given).map(({ parameters, values }) => {
    const { device, segments } = values;
    const beside = new Flat(`${op} of the parameters`, device, segments, {
      inPlace: true,
      like: values,
    });
    return { parameters, values, beside };
  });
}

/** The present value of a buffer. */
export const whole = (flat: Flat): Tensor => new Tensor(flat.whole());
