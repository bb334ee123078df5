import { describe, expect, it } from "vitest";
import { add, maxPool1d, mul, sum, tensor, transpose } from "../../src/ops/index.ts";
import { exportWithNextPlan } from "../../src/tensor/pending.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { PlanningDevice } from "../suite/planningDevice.ts";

/** Launches that the results of `f` take, and the first of them. */
async function cost(fuse: boolean, f: (x: Tensor) => Tensor[]) {
  const device = new PlanningDevice({ fuse });
  const results = f(tensor([3, 1, 2, 6, 5, 4], { shape: [2, 3], device }));
  for (const { node } of results) exportWithNextPlan(node);
  const values = [...(await results[0]!.data())];
  return { launches: device.launches, values };
}

describe("without fusion every op is a launch of its own", () => {
  it("element-wise ops, views and reductions", async () => {
    const f = (x: Tensor) => [sum(mul(transpose(add(x, 1)), 2))];
    expect(await cost(true, f)).toEqual({ launches: 1, values: [54] });
    expect(await cost(false, f)).toEqual({ launches: 4, values: [54] });
  });

  it("the results of one kernel", async () => {
    const f = (x: Tensor) => {
      const { values, indices } = maxPool1d(x, 3, { returnIndices: true });
      return [values, indices];
    };
    // One for both, in whose epilogue the values get their shape; and one for that of the indices.
    expect(await cost(true, f)).toEqual({ launches: 2, values: [3, 6] });
    // The rows, two kernels, two shapes.
    expect(await cost(false, f)).toEqual({ launches: 5, values: [3, 6] });
  });
});
