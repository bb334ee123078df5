// Memory of activations in a training step with and without `checkpoint`, and whether the
// gradients are the same bits: a deep MLP, in segments that are computed again when their
// gradient is due.
import process from "node:process";
import {
  checkpoint,
  compile,
  type Device,
  init,
  losses,
  manualSeed,
  nn,
  optim,
  randn,
  relu,
  type Tensor,
  tensor,
} from "tapegrad";
import { countGpu } from "./counter.ts";

const [LAYERS, WIDTH, BATCH, SEGMENTS] = [24, 256, 1024, 6];

const through =
  (layers: readonly nn.Linear[]) =>
  (x: Tensor): Tensor =>
    layers.reduce((h, layer) => relu(layer.forward(h)), x);

/** One training step: the gradients, and the bytes of the plans that computed them. */
async function measure(device: Device, apart: boolean) {
  const counter = countGpu(device);
  const before = counter.liveBytesOf("arena");
  manualSeed(1);
  const layers = Array.from({ length: LAYERS }, () => new nn.Linear(WIDTH, WIDTH));
  const sgd = new optim.SGD(
    layers.flatMap((l) => l.parameters()),
    { lr: 0.01 },
  );
  const size = LAYERS / SEGMENTS;
  const step = compile((x: Tensor, y: Tensor) => {
    let h = x;
    for (let i = 0; i < SEGMENTS; i++) {
      const part = through(layers.slice(i * size, (i + 1) * size));
      h = apart ? checkpoint(part)(h) : part(h);
    }
    const loss = losses.mseLoss(h, y);
    sgd.zeroGrad();
    loss.backward();
    sgd.step();
    return loss;
  });
  const data = async () => {
    const drawn = randn([BATCH, WIDTH]);
    return tensor(await drawn.data(), { shape: drawn.shape });
  };
  const loss = await step(await data(), await data());
  const bytes = counter.liveBytesOf("arena") - before;
  const grads = await Promise.all(sgd.parameters.map((p) => p.grad!.data()));
  return { bytes, loss: await loss.item(), grads };
}

const device = await init({ device: "webgpu" });
console.log(device.line);
const plain = await measure(device, false);
const less = await measure(device, true);
const same = plain.grads.every((g, i) => g.every((v, j) => Object.is(v, less.grads[i]![j])));
const size = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
console.log(`MLP of ${LAYERS} layers, width ${WIDTH}, batch ${BATCH}, ${SEGMENTS} segments`);
console.log(`activations without checkpoint ${size(plain.bytes)}, loss ${plain.loss}`);
console.log(`activations with checkpoint    ${size(less.bytes)}, loss ${less.loss}`);
console.log(`ratio ${((100 * less.bytes) / plain.bytes).toFixed(1)} %`);
console.log(`gradients ${same ? "equal to the bit" : "DIFFER"}`);
device.destroy();
process.exit(same ? 0 : 1);
