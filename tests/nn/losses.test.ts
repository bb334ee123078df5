import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  smoothL1Loss,
} from "../../src/nn/losses.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { mul } from "../../src/ops/elementwise/arithmetic.ts";
import { sum } from "../../src/ops/reduce/reduce.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import golden from "../golden/losses.json" with { type: "json" };

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const losses = {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  smoothL1Loss,
};

interface Stored {
  readonly shape: number[];
  readonly values: number[];
}
interface Case {
  readonly loss: keyof typeof losses;
  readonly args: readonly Stored[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly out: Stored;
  readonly ct: Stored;
  readonly grads: Readonly<Record<string, Stored | null>>;
}

const load = ({ shape, values }: Stored, requiresGrad = false): Tensor =>
  tensor(values, { shape, requiresGrad });

function optionsOf(options: Case["options"]): Record<string, unknown> {
  const entries = Object.entries(options).map(([key, value]) => {
    const isTensor = typeof value === "object" && value !== null && "values" in value;
    return [key, isTensor ? load(value as Stored) : value === "batchmean" ? "batchMean" : value];
  });
  return Object.fromEntries(entries);
}

async function expectClose(x: Tensor, stored: Stored): Promise<void> {
  expect(x.shape).toEqual(stored.shape);
  const values = [...(await x.data())];
  values.forEach((v, i) => {
    const expected = stored.values[i]!;
    expect(Math.abs(v - expected)).toBeLessThanOrEqual(1e-7 + 1e-6 * Math.abs(expected));
  });
}

describe("losses are PyTorch's", () => {
  it.each((golden as unknown as Case[]).map((c, i) => [`${i} ${c.loss}`, c] as const))(
    "%s",
    async (_, c) => {
      const inputs = c.args.map((arg, i) => load(arg, c.grads[i] != null));
      const loss = losses[c.loss] as (x: Tensor, target: Tensor, options: unknown) => Tensor;
      const out = loss(inputs[0]!, inputs[1]!, optionsOf(c.options));
      await expectClose(out, c.out);
      backward(sum(mul(out, load(c.ct))));
      for (const [i, grad] of Object.entries(c.grads)) {
        if (grad !== null) await expectClose(inputs[Number(i)]!.grad!, grad);
      }
    },
  );
});

it("klDiv takes targets of 0 and gives the divergence per sample", async () => {
  const logq = tensor([Math.log(0.25), Math.log(0.75)], { shape: [1, 2], requiresGrad: true });
  const target = tensor([0, 1], { shape: [1, 2] });
  const loss = klDiv(logq, target, { reduction: "batchMean" });
  expect(await loss.item()).toBeCloseTo(-Math.log(0.75), 7);
});

it("refuses shapes that differ and widths that are not positive", () => {
  const [x, y] = [tensor([1, 2]), tensor([1])];
  for (const loss of [huberLoss, binaryCrossEntropy, klDiv]) {
    expect(() => loss(x, y)).toThrow("prediction and target differ in shape; got [2] and [1].");
  }
  expect(() => huberLoss(x, x, { delta: 0 })).toThrow("huberLoss: delta is not above 0; got 0.");
  expect(() => smoothL1Loss(x, x, { beta: -1 })).toThrow("beta is not at least 0; got -1.");
});
