import type { Shape } from "../../core/shape.ts";
import type { Generator } from "../../ops/random/generator.ts";
import { uniform } from "../init.ts";
import { Parameter } from "../parameter.ts";

/**
 * The parameters of one direction of one layer. Rows belong to the gates, in PyTorch's order:
 * i, f, g, o for an LSTM and r, z, n for a GRU.
 */
export interface RecurrentWeights {
  /** [gates·hidden, inputs] */
  readonly weightIh: Parameter;
  /** [gates·hidden, outputs] */
  readonly weightHh: Parameter;
  /** [gates·hidden] */
  readonly biasIh: Parameter | null;
  /** [gates·hidden] */
  readonly biasHh: Parameter | null;
  /** [outputs, hidden]: the projection of an LSTM's outputs, where it has one. */
  readonly weightHr: Parameter | null;
}

export interface WeightSizes {
  readonly gates: number;
  readonly inputs: number;
  readonly hidden: number;
  /** Features of the projected state, or 0 without a projection. */
  readonly projection: number;
  readonly bias: boolean;
}

/** Their names in state dicts, in PyTorch's order. */
const stateNames: Readonly<Record<keyof RecurrentWeights, string>> = {
  weightIh: "weight_ih",
  weightHh: "weight_hh",
  biasIh: "bias_ih",
  biasHh: "bias_hh",
  weightHr: "weight_hr",
};

/** `weightIh` → `weight_ih`; other properties keep their name. */
export const stateNameOf = (property: string): string =>
  Object.hasOwn(stateNames, property) ? stateNames[property as keyof RecurrentWeights] : property;

/** New parameters, all U(±1/√hidden) as in PyTorch. */
export function drawWeights(
  { gates, inputs, hidden, projection, bias }: WeightSizes,
  suffix: string,
  generator: Generator,
): RecurrentWeights {
  const bound = 1 / Math.sqrt(hidden);
  const draw = (property: keyof RecurrentWeights, shape: Shape): Parameter => {
    const value = uniform(-bound, bound)(shape, { generator });
    return new Parameter(value, { name: stateNames[property] + suffix });
  };
  const rows = gates * hidden;
  return {
    weightIh: draw("weightIh", [rows, inputs]),
    weightHh: draw("weightHh", [rows, projection || hidden]),
    biasIh: bias ? draw("biasIh", [rows]) : null,
    biasHh: bias ? draw("biasHh", [rows]) : null,
    weightHr: projection > 0 ? draw("weightHr", [projection, hidden]) : null,
  };
}

/** Parameters with their names. */
export const namedWeights = (weights: RecurrentWeights, suffix: string): [string, unknown][] =>
  Object.entries(weights).map(([property, p]) => [stateNameOf(property) + suffix, p]);
