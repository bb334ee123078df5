import { ValueError } from "../core/errors.ts";
import { tensor } from "../ops/creation/creation.ts";
import { Variable } from "../tensor/variable.ts";
import type { Options, SharedState } from "./rule.ts";

/** Scalars on the device that all parameters of an optimizer share, with what they start from. */
export const sharedState =
  <G extends string>(start: (options: Options) => Readonly<Record<G, number>>): SharedState<G> =>
  (rule, options, device, windows) => {
    if (windows > 1) {
      throw new ValueError(
        `${rule}: it looks at all parameters at once, which have to fit one buffer of one dtype; ` +
          `got ${windows} buffers. Use another rule for models of this size.`,
      );
    }
    const variable = (name: G, value: number) =>
      new Variable(tensor(value, { device }), { name: `${name} of ${rule}`, inPlace: true });
    const entries = Object.entries(start(options)) as [G, number][];
    return new Map(entries.map(([name, value]) => [name, variable(name, value)]));
  };
