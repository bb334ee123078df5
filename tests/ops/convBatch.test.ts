import { beforeAll, describe, expect, it } from "vitest";
import type { Attrs } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { narrow, reshape, stack, tensor } from "../../src/ops/index.ts";
import { apply, type RegisteredOp, registry } from "../../src/tensor/op.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import "../../src/ops/conv/convOps.ts";

const sizes = {
  input: [4, 3],
  kernel: [2, 2],
  output: [3, 4],
  stride: [1, 1],
  padding: [0, 1],
  dilation: [1, 1],
};
const shapes = (groups: number) => ({
  x: [2, 2 * groups, 4, 3],
  w: [3 * groups, 2, 2, 2],
  g: [2, 3 * groups, 3, 4],
});
const operands = {
  convForward: ["x", "w"],
  convInputGrad: ["g", "w"],
  convWeightGrad: ["x", "g"],
} as const;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const wave = (shape: readonly number[], phase: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + phase)),
    { shape },
  );
};

const example = (x: Tensor, i: number) => reshape(narrow(x, 0, i, 1), x.shape.slice(1));

describe.each(Object.entries(operands))("a batch of %s", (name, [first, second]) => {
  const op = registry.find((o) => o.name === name) as RegisteredOp;
  const again = (xs: readonly Tensor[], attrs: Attrs) => apply(op, xs, attrs);
  const both = [
    [true, false],
    [false, true],
    [true, true],
  ];
  it.each(both.flatMap((batched) => [1, 2].map((groups) => ({ batched, groups }))))(
    "is its examples one by one: $batched, groups $groups",
    async ({ batched, groups }) => {
      const attrs = { ...sizes, groups };
      const inputs = [first, second].map((which, i) =>
        wave([...(batched[i] ? [3] : []), ...shapes(groups)[which]], i),
      );
      const all = op.batch!({ inputs, batched, size: 3, attrs, op: again })!;
      const one = [0, 1, 2].map((e) =>
        apply(
          op,
          inputs.map((x, i) => (batched[i] ? example(x, e) : x)),
          attrs,
        ),
      );
      expect(all.shape).toEqual([3, ...one[0]!.shape]);
      const [got, wanted] = [await all.data(), await stack(one).data()];
      for (const [i, v] of wanted.entries()) expect(got[i]).toBeCloseTo(v, 12);
    },
  );

  it("may be empty", async () => {
    const attrs = { ...sizes, groups: 2 };
    const inputs = [first, second].map((which) => wave([0, ...shapes(2)[which]], 0));
    const out = op.batch!({ inputs, batched: [true, true], size: 0, attrs, op: again })!;
    expect(out.shape[0]).toBe(0);
    expect((await out.data()).length).toBe(0);
  });
});
