import { ValueError } from "../core/errors.ts";
import type { Shape } from "../core/shape.ts";
import { zeros } from "../ops/creation/creation.ts";
import { add, sub } from "../ops/elementwise/arithmetic.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { isFinite as finite, logicalAnd, where } from "../ops/elementwise/compare.ts";
import { reshape } from "../ops/movement/movement.ts";
import { narrow } from "../ops/movement/slice.ts";
import { constantLike } from "../ops/rules.ts";
import type { Device } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { byPlace, pieces } from "./byPlace.ts";
import type { FlatParameters } from "./flatParameters.ts";
import { finiteNorm } from "./gradients/finiteNorm.ts";
import { flatNorms } from "./gradients/gradientNorms.ts";
import type { Member } from "./parameterGroups.ts";

/** What a step does when a gradient is NaN or infinite; see docs/optimizers.md. */
export type NonFinitePolicy = "propagate" | "error" | "skip" | "zero";

const POLICIES: readonly NonFinitePolicy[] = ["propagate", "error", "skip", "zero"];

/** @throws ValueError for anything but a policy's name */
export function checkPolicy(name: string, policy: NonFinitePolicy): void {
  if (POLICIES.includes(policy)) return;
  throw new ValueError(
    `${name}: unknown nonFinite policy ${JSON.stringify(policy)}. Use one of ${POLICIES.join(", ")}.`,
  );
}

/** Counts steps on the device: all of an optimizer, or those of each parameter. */
export const stepCounter = (device: Device, shape: Shape, name: string): Variable =>
  new Variable(zeros(shape, { dtype: "int32", device }), { name, inPlace: true });

/** Whether all gradients of a step are finite: a bool on the device, counted where they are not. */
export function allFinite(
  name: string,
  windows: readonly { readonly flat: FlatParameters }[],
  policy: NonFinitePolicy,
  counter: Variable,
): Tensor {
  const tested = windows
    .filter(({ flat }) => flat.missing().includes(false))
    .map(({ flat }) => {
      const { total } = flatNorms(flat, Infinity);
      if (policy !== "error") return finite(total);
      // The checked norm has to be a part of what the step computes, or nobody would check it.
      return logicalAnd(finite(total), finite(finiteNorm(total, { of: name })));
    });
  const all = tested.reduce(logicalAnd);
  counter.assign(add(counter, cast(where(all, 0, 1), "int32")));
  return all;
}

/**
 * How many steps of each parameter were skipped so far [parameters]; this one is another, where it
 * is not finite, for those that have a gradient.
 */
export function countSkipped(
  skipped: Variable,
  members: readonly Member[],
  finite: Tensor,
): Tensor {
  const before = new Tensor(skipped.node);
  const stepping = members.map(({ variable }) => variable.grad !== null);
  const ends = members.map((_, i) => i + 1);
  const one = pieces(ends, stepping).map(({ end, value }) => {
    return { end, value: constantLike(Number(value), before) };
  });
  skipped.assign(add(before, where(finite, 0, byPlace(one))));
  return before;
}

/** The number of a step of parameter number `index`, without those that were skipped. */
export const countedStep = (t: Tensor, skipped: Tensor, index: number): Tensor =>
  sub(t, reshape(cast(narrow(skipped, 0, index, 1), "float32"), []));
