// Shows where the time of a training step goes: kernel by kernel, and for the host.
//   npm run -s profile                    a network of two layers
//   npm run -s profile -- cnn             a small convolutional network
//   npm run -s profile -- mlp trace.json  and a file for chrome://tracing or ui.perfetto.dev
import process from "node:process";
import {
  compile,
  init,
  losses,
  nn,
  optim,
  profile,
  randn,
  saveProfile,
  type Tensor,
  tensor,
} from "tapegrad";

const networks: Record<string, { readonly shape: number[]; make(): nn.Module }> = {
  mlp: {
    shape: [128, 784],
    make: () => new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10)),
  },
  cnn: {
    shape: [32, 1, 28, 28],
    make: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 8, 3, { padding: 1 }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(8 * 14 * 14, 10),
      ),
  },
};

const [name = "mlp", path] = process.argv.slice(2);
const network = networks[name];
if (network === undefined) {
  console.error(`profile: unknown network "${name}". Use ${Object.keys(networks).join(" or ")}.`);
  process.exit(2);
}

await init({ seed: 1 });
const model = network.make() as nn.Sequential;
const optimizer = new optim.Adam([...model.parameters()], { lr: 1e-3 });
const x = randn(network.shape);
const labels = tensor(
  Array.from({ length: network.shape[0] }, (_, i) => i % 10),
  { dtype: "int32" },
);

const step = compile((batch: Tensor, classes: Tensor) => {
  const loss = losses.crossEntropy(model.forward(batch), classes);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});

const report = await profile(() => step(x, labels));
console.log(String(report));
if (path !== undefined) {
  await saveProfile(report, path);
  console.log(`trace: ${path}`);
}
