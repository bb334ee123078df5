import { checkpoint } from "../../../src/autodiff/checkpoint.ts";
import { vmap } from "../../../src/autodiff/vmap.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Draw, type Draws, hasAxis, isFloat, type Value } from "./draw.ts";

/** Runs a function of tensors that also says of each result whether it is exact. */
function wrapped(
  transform: (f: (x: Tensor) => Tensor[]) => (x: Tensor) => Tensor[],
  f: (x: Tensor) => readonly Value[],
  x: Tensor,
): Value[] {
  let made: readonly Value[] = [];
  const results = transform((t) => {
    made = f(t);
    return made.map((v) => v.t);
  })(x);
  return results.map((t, i) => ({ t, exact: made[i]!.exact }));
}

/** The steps of the body, computed again when the gradient needs them. */
const checkpointed: Draw = {
  takes: isFloat,
  make: ({ t, exact }, choices, scope, { body = [] }) => {
    const results = 1 + choices.below(2);
    const f = (x: Tensor) => scope.inner(body, { t: x, exact }).slice(-results);
    return wrapped(checkpoint, f, t);
  },
};

/** The steps of the body for every example along an axis. */
const mapped: Draw = {
  takes: (x) => isFloat(x) && hasAxis(x),
  make: ({ t, exact }, choices, scope, { body = [] }) => {
    const options = {
      inAxes: choices.below(t.rank),
      randomness: "different" as const,
      chunkSize: choices.pick([undefined, undefined, 2]),
    };
    const results = 1 + choices.below(2);
    const f = (x: Tensor) => scope.inner(body, { t: x, exact }).slice(-results);
    return wrapped((g) => vmap(g, options), f, t);
  },
};

export const wrappers: Draws = { checkpoint: checkpointed, vmap: mapped };
