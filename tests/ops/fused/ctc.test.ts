import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradients } from "../../../src/autodiff/gradientsBy.ts";
import { CpuDevice } from "../../../src/cpu/device.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { ctcLoss, logSoftmax, sum, tensor } from "../../../src/ops/index.ts";
import { ctcComposed } from "../../../src/ops/losses/ctcComposed.ts";
import { ctcLosses } from "../../../src/ops/losses/ctcOps.ts";
import { exactly, integers, uniform } from "../../../src/ops/samples.ts";
import type { Device } from "../../../src/tensor/device.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { difference } from "../../suite/compare.ts";
import { type Fused, fusedDifference } from "../../suite/fused.ts";

const oracle = new CpuDevice({ precision: "float64" });

/** Steps, examples, labels. */
const sizes = [
  [3, 3, 2],
  [2, 2, 16],
] as const;

describe.each([true, false])("the lattice of ctcLoss (software: %s)", (software) => {
  let gpu: GpuDevice;
  beforeAll(async () => {
    gpu = await openAdapter(await findAdapter(), { limits: { software } });
  });
  afterAll(() => gpu.destroy());

  it.each(sizes)("%i steps of %i examples with %i labels", async (steps, count, labels) => {
    const attrs = { classes: 5, blank: 0 };
    const fused: Fused = ([e, l, n]) => ctcLosses(e!, l!, n!, attrs);
    const samples = [
      uniform([steps, count, 2 * labels + 1], -3, 0),
      integers([count, labels], 1, 5),
      exactly([2, count], lengths(steps, count, labels), "int32"),
    ];
    const wrong = await fusedDifference(
      { f: fused, device: gpu },
      { f: ctcComposed, device: oracle },
      samples,
      { relative: 1e-4, absolute: 1e-5 },
    );
    expect(wrong).toBeNull();
  });

  it("more states than a workgroup has threads", async () => {
    const e = uniform([150, 2, 281], -3, 0);
    const labels = integers([2, 140], 1, 9);
    const lengths = exactly([2, 2], [150, 149, 140, 131], "int32");
    const run = async (device: Device) => {
      const [x, ...rest] = [e, labels, lengths].map(({ values, shape, dtype }) =>
        tensor([...values], { shape, dtype, device, requiresGrad: dtype === "float32" }),
      ) as [Tensor, Tensor, Tensor];
      const losses = ctcLosses(x, ...rest, { classes: 9, blank: 0 });
      const [slope] = gradients(sum(losses), [x]) as [Tensor];
      return [await losses.data(), await slope.data()] as const;
    };
    const [got, wanted] = [await run(gpu), await run(oracle)];
    for (const [i, what] of (["losses", "slopes"] as const).entries()) {
      const tolerance = { relative: 1e-3, absolute: 1e-3 };
      expect(difference(what, got[i]!, wanted[i]!, tolerance)).toBeNull();
    }
  });

  it("the loss of logits, with derivatives of both orders", async () => {
    const f: Fused = ([x, targets]) =>
      ctcLoss(logSoftmax(x!, -1), targets!, [6, 5, 3], [2, 1, 0], { blank: 4 });
    const samples = [uniform([6, 3, 5]), integers([3, 2], 0, 4)];
    const wrong = await fusedDifference({ f, device: gpu }, { f, device: oracle }, samples, {
      relative: 1e-4,
      absolute: 1e-5,
    });
    expect(wrong).toBeNull();
  });
});

/** Steps, then labels of each example: all of them for the first, fewer for the others. */
function lengths(steps: number, count: number, labels: number): number[] {
  const part = (n: number, i: number, least: number) => Math.max(n - i, least);
  const rows = Array.from({ length: count }, (_, i) => i);
  // Labels that do not fit would be Infinity, of which there are no differences.
  const fitting = Math.min(labels, Math.ceil(steps / 2));
  return [...rows.map((i) => part(steps, i, 1)), ...rows.map((i) => part(fitting, i, 0))];
}
