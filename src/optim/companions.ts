import { Flat } from "../tensor/flat.ts";
import type { Variable } from "../tensor/variable.ts";
import { type FlatParameters, flatten } from "./flatParameters.ts";

/** Parameters in one buffer and, element by element beside them, values that belong to them. */
export interface Companion {
  readonly flat: FlatParameters;
  readonly beside: Flat;
}

/**
 * Values beside parameters (averages, slow weights), in buffers of the same layout, so that one
 * kernel serves the whole model; they begin as the parameters are. Parameters that an optimizer has
 * packed stay where they are.
 */
export function companionsOf(op: string, given: Iterable<Variable>): Companion[] {
  return flatten(op, given).map((flat) => {
    const { device, segments } = flat.values;
    const beside = new Flat(`${op} of the parameters`, device, segments, {
      inPlace: true,
      like: flat.values,
    });
    beside.assignWhole(flat.now().node);
    return { flat, beside };
  });
}
