import { compile, init, losses, nn, optim, type Tensor, tensor } from "tapegrad";
import { expect, it } from "vitest";

/** Says of each padded sequence of numbers whether its sum is positive, by its final state. */
class Signs extends nn.Module {
  readonly lstm = new nn.LSTM(1, 6, {
    numLayers: 2,
    bidirectional: true,
    batchFirst: true,
    dropout: 0.1,
    seed: 1,
  });
  readonly head = new nn.Linear(12, 2, { seed: 2 });

  forward(x: Tensor, lengths: Tensor): Tensor {
    const [, [hn]] = this.lstm.forward(x, null, { lengths });
    // The last layer's two directions, side by side.
    const last = hn.narrow(0, 2, 2).transpose(0, 1).reshape([-1, 12]);
    return this.head.forward(last);
  }
}

const BATCH = 16;
const STEPS = 4;

function example(seed: number): [Tensor, Tensor, Tensor] {
  const at = (i: number) => Math.sin(12.9898 * (i + 1) + 78.233 * seed);
  const lengths = Array.from({ length: BATCH }, (_, n) => 1 + (n % STEPS));
  const values = Array.from({ length: BATCH * STEPS }, (_, i) => at(i));
  const sums = lengths.map((length, n) =>
    values.slice(n * STEPS, n * STEPS + length).reduce((a, b) => a + b),
  );
  return [
    tensor(values, { shape: [BATCH, STEPS, 1] }),
    tensor(lengths, { dtype: "int32" }),
    tensor(
      sums.map((sum) => (sum > 0 ? 1 : 0)),
      { dtype: "int32" },
    ),
  ];
}

it.each(["cpu", "webgpu"] as const)("a compiled step learns on %s", async (device) => {
  await init({ device });
  const model = new Signs();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.02 });
  const step = compile((x: Tensor, lengths: Tensor, y: Tensor) => {
    const loss = losses.crossEntropy(model.forward(x, lengths), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const last: number[] = [];
  for (let k = 0; k < 60; k++) last.push(await (await step(...example(k))).item());
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(mean(last.slice(-10))).toBeLessThan(0.5 * mean(last.slice(0, 10)));

  // In evaluation nothing is dropped, and another graph is recorded.
  const [x, lengths, y] = example(100);
  const test = compile(() => losses.crossEntropy(model.forward(x, lengths), y));
  model.eval();
  const quiet = [await (await test()).item(), await (await test()).item()];
  expect(quiet[0]).toBe(quiet[1]);
  model.train();
  const noisy = [await (await test()).item(), await (await test()).item()];
  expect(noisy[0]).not.toBe(noisy[1]);
});
