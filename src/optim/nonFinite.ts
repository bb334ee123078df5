import { ValueError } from "../core/errors.ts";
import { zeros } from "../ops/creation/creation.ts";
import { add, sub } from "../ops/elementwise/arithmetic.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { isFinite as finite, logicalAnd, where } from "../ops/elementwise/compare.ts";
import type { Device } from "../tensor/device.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import type { FlatParameters } from "./flatParameters.ts";
import { finiteNorm } from "./gradients/finiteNorm.ts";
import { flatNorms } from "./gradients/gradientNorms.ts";

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

/** Steps whose gradients were not finite, counted on the device. */
export const stepCounter = (device: Device, name: string): Variable =>
  new Variable(zeros([], { dtype: "int32", device }), { name, inPlace: true });

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

/** The number of a step without those that were skipped; one more is, where it is not finite. */
export function counted(t: Tensor, skipped: Variable, finite: Tensor): Tensor {
  const before = new Tensor(skipped.node);
  skipped.assign(add(before, cast(where(finite, 0, 1), "int32")));
  return sub(t, cast(before, "float32"));
}
