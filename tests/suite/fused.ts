import { gradients } from "../../src/autodiff/gradientsBy.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { add, mul } from "../../src/ops/elementwise/arithmetic.ts";
import { sum } from "../../src/ops/reduce/reduce.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import type { Device } from "../../src/tensor/device.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { difference, type Tolerance } from "./compare.ts";
import { weightsFor } from "./suite.ts";

/** A function of tensors with one or several results. */
export type Fused = (inputs: readonly Tensor[]) => Tensor | readonly Tensor[];

/** Results, first and (unless `order` is 1) second derivatives of a function, each with its name. */
async function valuesOf(f: Fused, samples: readonly SampleInput[], device: Device, order: 1 | 2) {
  const inputs = samples.map(({ values, shape, dtype }) =>
    tensor(Float64Array.from(values), {
      shape,
      dtype,
      device,
      requiresGrad: dtype === "float32",
    }),
  );
  const made = f(inputs);
  const results = Array.isArray(made) ? (made as readonly Tensor[]) : [made as Tensor];
  const wanted = inputs.filter((x) => x.requiresGrad);
  const firsts = derivatives(results, wanted, true);
  const seconds = order === 1 ? [] : derivatives(present(firsts), wanted, false);
  const found = new Map<string, Tensor | null>();
  for (const [i, x] of results.entries()) found.set(`result ${i}`, x);
  for (const [i, x] of firsts.entries()) found.set(`first derivative ${i}`, x);
  for (const [i, x] of seconds.entries()) found.set(`second derivative ${i}`, x);
  // All from one plan, as a training step has them: kernels with several results give them at once.
  for (const x of found.values()) if (x !== null) exportWithNextPlan(x.node);
  const data = new Map<string, ArrayLike<number> | null>();
  for (const [name, x] of found) data.set(name, x && (await x.data()));
  return data;
}

const present = (list: readonly (Tensor | null)[]): Tensor[] => list.filter((x) => x !== null);

/** Gradients of all outputs, weighted with fixed numbers; null where there is none. */
function derivatives(
  outputs: readonly Tensor[],
  wanted: readonly Tensor[],
  createGraph: boolean,
): (Tensor | null)[] {
  const tracked = outputs.filter((x) => x.requiresGrad);
  if (tracked.length === 0) return wanted.map(() => null);
  const total = tracked.map((x) => sum(mul(x, weightsFor(x)))).reduce((a, b) => add(a, b));
  return gradients(total, wanted, { createGraph, allowUnused: true }) as (Tensor | null)[];
}

/**
 * What a fused function gives on one device and its composition on another, in values and in
 * first and second derivatives: the first difference as text, or null.
 */
export async function fusedDifference(
  fused: { readonly f: Fused; readonly device: Device },
  composed: { readonly f: Fused; readonly device: Device },
  samples: readonly SampleInput[],
  tolerance: Tolerance,
  order: 1 | 2 = 2,
): Promise<string | null> {
  const got = await valuesOf(fused.f, samples, fused.device, order);
  const wanted = await valuesOf(composed.f, samples, composed.device, order);
  for (const [name, values] of wanted) {
    const other = got.get(name) ?? null;
    if (values === null || other === null) {
      // A derivative that one of them knows to be zero is none.
      const rest = values ?? other ?? [];
      if (Array.from(rest).some((x) => x !== 0)) return `${name}: only one has it`;
      continue;
    }
    const wrong = difference(name, other, values, tolerance);
    if (wrong !== null) return wrong;
  }
  return null;
}
