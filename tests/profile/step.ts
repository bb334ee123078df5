import { compile, losses, manualSeed, nn, optim, randn, type Tensor, tensor } from "tapegrad";

export const batch = 16;
export const sizes = [24, 40, 8] as const;

/** A compiled training step of a small network: the same numbers each time. */
export function trainingStep() {
  manualSeed(7);
  const [inputs, hidden, classes] = sizes;
  const model = new nn.Sequential(
    new nn.Linear(inputs, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, classes),
  );
  const optimizer = new optim.Adam([...model.parameters()], { lr: 1e-2 });
  const x = randn([batch, inputs]);
  const labels = tensor(
    Array.from({ length: batch }, (_, i) => i % classes),
    { dtype: "int32" },
  );
  const train = compile((rows: Tensor, wanted: Tensor) => {
    const loss = losses.crossEntropy(model.forward(rows), wanted);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  const kept: Tensor[] = [];
  return {
    async step() {
      kept.push(await train(x, labels));
    },
    losses: () => Promise.all(kept.map((loss) => loss.item())),
  };
}
