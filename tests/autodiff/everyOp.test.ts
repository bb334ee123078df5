import { describe, expect, it } from "vitest";
import { gradcheck } from "../../src/autodiff/gradcheck.ts";
import "../../src/autodiff/transforms.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { expand, permute, slice, tensor } from "../../src/ops/index.ts";
import type { SampleInput } from "../../src/ops/samples.ts";
import { type RegisteredOp, registry } from "../../src/tensor/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { compositions } from "../suite/composed.ts";
import { applySample } from "../suite/inputs.ts";

/** Larger inputs are checked along so many random directions. */
const DIRECTIONS = 4;

const device = new CpuDevice({ precision: "float64" });
const isInput = (x: unknown): x is SampleInput => (x as SampleInput | null)?.sample === true;

/** The tensor that reaches the op: a view of what was uploaded. */
function viewed(leaf: Tensor, { layout, shape }: SampleInput): Tensor {
  const last = shape.length - 1;
  if (layout === "transposed")
    return permute(
      leaf,
      [...shape.keys()].map((d) => last - d),
    );
  if (layout === "expanded") return expand(leaf, shape);
  const inner = shape.map((n) => n + 1);
  return layout === "sliced"
    ? slice(
        leaf,
        inner.map(() => 1),
        inner,
      )
    : leaf;
}

/** The op as a function of the sample's tensors. */
function functionOf(op: RegisteredOp, sample: readonly unknown[]) {
  return (...leaves: Tensor[]): Tensor => {
    let at = 0;
    const place = (item: unknown): unknown => {
      if (Array.isArray(item)) return item.map(place);
      return isInput(item) ? viewed(leaves[at++]!, item) : item;
    };
    return applySample(op, sample.map(place), leaves[0]!.device, false).out;
  };
}

async function wrongSamples(op: RegisteredOp): Promise<string[]> {
  const wrong: string[] = [];
  const order = (op.gradcheck?.order ?? 2) as 1 | 2;
  for (const [i, sample] of op.samples().entries()) {
    if (!applySample(op, sample, device, true).out.requiresGrad) continue;
    const inputs = sample.flat().filter(isInput);
    const tensors = inputs.map((x) =>
      tensor(Float64Array.from(x.values), { shape: x.leafShape, dtype: x.dtype, device }),
    );
    const report = await gradcheck(functionOf(op, sample), tensors, {
      order,
      directions: DIRECTIONS,
    });
    const kinks = report.inputs.some((input) => input.kinks.length > 0);
    if (!report.ok || kinks) wrong.push(`sample ${i}: ${report}`);
  }
  return wrong;
}

describe("first derivatives to 1e-7 and second to 1e-6, at every sample", () => {
  for (const op of [...registry, ...compositions()]) {
    if (op.vjp === null) continue;
    const { order, why } = op.gradcheck ?? {};
    it.skipIf(order === 0)(`${op.name}${order === undefined ? "" : ` (${why})`}`, async () => {
      expect(await wrongSamples(op)).toEqual([]);
    });
  }
});
