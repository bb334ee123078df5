import type { Shape } from "../../core/shape.ts";
import { type SampleInput, uniform } from "../samples.ts";
import type { NormAttrs } from "./normRules.ts";

/** Rows of x [N, G, D, S] with weights and biases [G·D]; layer, group, instance and RMS. */
export const normSamples = (): [SampleInput, SampleInput, SampleInput, NormAttrs][] => {
  const given = (shape: Shape, centered: boolean, parts: number, layout?: "transposed") => {
    const channels = [shape[1]! * shape[2]!];
    const attrs = { eps: 0.1, centered, weight: parts > 0, bias: parts > 1 };
    const parameters = [uniform(channels, 0.5, 2), uniform(channels)] as const;
    return [uniform(shape, -2, 2, layout), ...parameters, attrs] as const;
  };
  return [
    given([3, 1, 5], true, 2),
    given([2, 2, 3, 4], true, 2, "transposed"),
    given([2, 3, 1, 70], true, 0),
    given([2, 1, 8], false, 1),
  ].map((sample) => [...sample]) as [SampleInput, SampleInput, SampleInput, NormAttrs][];
};
