import { beforeAll, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { DataLoader, TensorDataset } from "../../src/data/index.ts";
import { Linear, losses, Sequential, Tanh } from "../../src/nn/index.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { mul, sub } from "../../src/ops/elementwise/arithmetic.ts";
import { noGrad, recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

it("gradient descent over a DataLoader learns exclusive or", async () => {
  const x = tensor([0, 0, 0, 1, 1, 0, 1, 1], { shape: [4, 2] });
  const y = tensor([0, 1, 1, 0], { dtype: "int32" });
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 2, shuffle: true });
  const model = new Sequential(
    new Linear(2, 8, { seed: 1 }),
    new Tanh(),
    new Linear(8, 2, { seed: 2 }),
  );
  let last = Number.POSITIVE_INFINITY;
  for (let epoch = 0; epoch < 150; epoch++) {
    for await (const [inputs, labels] of loader) {
      const loss = losses.crossEntropy(model.forward(inputs), labels);
      model.zeroGrad();
      backward(loss);
      noGrad(() => {
        for (const p of model.parameters()) p.assign(sub(p, mul(p.grad!, 0.5)));
      });
      last = await loss.item();
    }
  }
  expect(last).toBeLessThan(0.05);
  const total = await losses.crossEntropy(model.forward(x), y).item();
  expect(total).toBeLessThan(0.05);
});
