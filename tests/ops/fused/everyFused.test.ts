import { describe, expect, it } from "vitest";
import "../../../src/autodiff/transforms.ts";
import { pullback } from "../../../src/autodiff/gradients.ts";
import type { Attrs } from "../../../src/core/ir.ts";
import { CpuDevice } from "../../../src/cpu/device.ts";
import "../../../src/ops/index.ts";
import type { SampleInput } from "../../../src/ops/samples.ts";
import { apply, NO_ATTRS, type RegisteredOp, registry } from "../../../src/tensor/op.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Fused, fusedDifference } from "../../suite/fused.ts";

const device = new CpuDevice({ precision: "float64" });
const isInput = (x: unknown): x is SampleInput => (x as SampleInput | null)?.sample === true;

async function wrongSamples(op: RegisteredOp): Promise<string[]> {
  const wrong: string[] = [];
  for (const [i, sample] of op.samples().entries()) {
    const inputs = sample.filter(isInput);
    const attrs = (sample.find((x) => !isInput(x)) ?? NO_ATTRS) as Attrs;
    const call = op.sampleCall as ((...args: unknown[]) => Tensor) | undefined;
    const fused: Fused = (given) => call?.(...given, attrs) ?? apply(op, given, attrs);
    // What only the kernel needs (values kept from the forward pass) stands last, and is not given.
    const composed: Fused = (inputs) => op.composed!(inputs, attrs, pullback);
    const tolerance = { relative: 1e-6, absolute: 1e-9 };
    const found = await fusedDifference(
      { f: fused, device },
      { f: composed, device },
      inputs,
      tolerance,
    );
    if (found !== null) wrong.push(`sample ${i}: ${found}`);
  }
  return wrong;
}

describe("a fused op is its composition, in values, first and second derivatives", () => {
  for (const op of registry) {
    if (op.composed === undefined) continue;
    it(op.name, async () => {
      expect(await wrongSamples(op)).toEqual([]);
    });
  }
});
