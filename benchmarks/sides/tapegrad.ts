import {
  Adam,
  compile,
  conv2d,
  crossEntropy,
  type Device,
  init,
  nn,
  relu,
  softmax,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
} from "tapegrad";
import * as operations from "../workloads/operations.ts";
import { transpose, type Values } from "../workloads/random.ts";
import {
  adam,
  BATCHES,
  cnnTraining,
  lstmTraining,
  mlpTraining,
  type Training,
} from "../workloads/training.ts";
import type { Runnable, Side } from "./side.ts";

const upload = ({ shape, data }: Values): Tensor => tensor(data, { shape });
const uploadAs = (values: Values, order: readonly number[]): Tensor =>
  upload(transpose(values, order));

/** Images and weights of convolutions as PyTorch lays them out. */
const toNchw = [0, 3, 1, 2];
const toOihw = [3, 2, 0, 1];

/**
 * Runs `compute` at each step; its first element is what a read waits for. Results are given back
 * as a user should give back large ones in a loop: the garbage collector sees only their handles.
 */
function computing(compute: () => Promise<Tensor>): Runnable {
  let newest: Tensor | undefined;
  return {
    async step() {
      newest?.dispose();
      newest = await compute();
    },
    read: async () => (await newest!.reshape([-1]).slice([0], [1]).data())[0] as number,
    all: async () => (await newest!.data()) as Float32Array,
  };
}

function operation(inputs: readonly Tensor[], run: (...inputs: Tensor[]) => Tensor): Runnable {
  const compiled = compile(run);
  return computing(() => compiled(...inputs));
}

function trainer(
  model: nn.Module,
  training: Training,
  forward: (x: Tensor) => Tensor,
  shape = training.batches[0].x.shape,
): Runnable {
  const batches = training.batches.map(({ x, y }) => [upload({ ...x, shape }), upload(y)] as const);
  const trained = model.parameters().filter((parameter) => parameter.requiresGrad);
  const optimizer = new Adam(trained, adam);
  const train = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  let loss: Tensor;
  return {
    async step(index) {
      loss = await train(...batches[index % BATCHES]);
    },
    read: () => loss.item(),
  };
}

/** The state dict of these layers: weights [out, in] and biases, from those of the workload. */
function denseState(entries: readonly (readonly [string, Values, Values])[]) {
  return Object.fromEntries(
    entries.flatMap(([name, weight, bias]) => [
      [`${name}.weight`, uploadAs(weight, [1, 0])],
      [`${name}.bias`, upload(bias)],
    ]),
  );
}

class SequenceModel extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly out: nn.Linear;
  readonly hidden: number;

  constructor(inputs: number, hidden: number, outputs: number) {
    super();
    this.hidden = hidden;
    this.lstm = new nn.LSTM(inputs, hidden, { batchFirst: true });
    this.out = new nn.Linear(hidden, outputs);
  }

  forward(x: Tensor): Tensor {
    const [states] = this.lstm.forward(x);
    return this.out.forward(states.reshape([-1, this.hidden]));
  }
}

const relation =
  ({ scale, shift }: typeof operations.elementwise) =>
  (x: Tensor) =>
    tanh(x.mul(scale).add(shift)).mul(x.sigmoid()).sub(relu(x));

function convTensors(sizes: operations.ConvSizes): [Tensor, Tensor] {
  const [x, w] = operations.convInputs(sizes);
  return [uploadAs(x, toNchw), uploadAs(w, toOihw)];
}

const convolve = (x: Tensor, w: Tensor) => conv2d(x, w, null, { padding: 1 });

let device: Device;

/** The device that `open` opened. */
export const benchmarkedDevice = (): Device => device;

export const side: Side = {
  async open() {
    device = await init({ device: "webgpu" });
    return device.line;
  },

  matmul: (size) => operation(operations.matmulInputs(size).map(upload), (a, b) => a.matmul(b)),

  batchedMatmul: (batch, size) =>
    operation(operations.batchedInputs(batch, size).map(upload), (a, b) => a.matmul(b)),

  elementwise: (count) =>
    operation([upload(operations.elementwiseInput(count))], relation(operations.elementwise)),

  sum: (count) => operation([upload(operations.sumInput(count))], (x) => x.sum()),

  softmax: (size) => operation([upload(operations.softmaxInput(size))], (x) => softmax(x, -1)),

  conv: (sizes) => operation(convTensors(sizes), convolve),

  convTrain(sizes) {
    const inputs = convTensors(sizes);
    const gradients = valueAndGrad(([x, w]: [Tensor, Tensor]) => convolve(x, w).square().sum());
    const run = compile((x: Tensor, w: Tensor) => gradients([x, w]));
    return computing(async () => (await run(...inputs)).grad[1]);
  },

  twoAdds: (count) =>
    operation(operations.addInputs(count).map(upload), (x, y, z) => x.add(y).add(z)),

  mlp(sizes) {
    const training = mlpTraining(sizes);
    const last = sizes.widths.length - 1;
    const layers = sizes.widths.slice(1).flatMap((width, i) => {
      // The weights are given, to every side: none draws others at its start.
      const linear = new nn.Linear(sizes.widths[i], width, { init: nn.init.zeros() });
      return i + 1 < last ? [linear, new nn.ReLU()] : [linear];
    });
    const model = new nn.Sequential(...layers);
    const { parameters: p } = training;
    model.loadStateDict(
      denseState(
        Array.from({ length: last }, (_, i) => [`${2 * i}`, p[`w${i + 1}`], p[`b${i + 1}`]]),
      ),
    );
    return trainer(model, training, (x) => model.forward(x));
  },

  cnn(sizes) {
    const training = cnnTraining(sizes);
    const { w1, b1, w2, b2, w3, b3 } = training.parameters;
    const model = new nn.Sequential(
      new nn.Conv2d(1, 16, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(16, 32, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(1568, 10),
    );
    // The dense layer sees channels first here and channels last in the workload.
    const dense = transpose({ ...w3, shape: [7, 7, 32, 10] }, [3, 2, 0, 1]);
    model.loadStateDict({
      "0.weight": uploadAs(w1, toOihw),
      "0.bias": upload(b1),
      "3.weight": uploadAs(w2, toOihw),
      "3.bias": upload(b2),
      "7.weight": upload({ ...dense, shape: [10, 1568] }),
      "7.bias": upload(b3),
    });
    // One channel: the layouts of the images are the same numbers.
    return trainer(model, training, (x) => model.forward(x), [sizes.batch, 1, 28, 28]);
  },

  lstm(sizes) {
    const training = lstmTraining(sizes);
    const { wx, wh, b, wo, bo } = training.parameters;
    const model = new SequenceModel(sizes.inputs, sizes.hidden, sizes.outputs);
    model.loadStateDict({
      "lstm.weight_ih_l0": uploadAs(wx, [1, 0]),
      "lstm.weight_hh_l0": uploadAs(wh, [1, 0]),
      "lstm.bias_ih_l0": upload(b),
      "lstm.bias_hh_l0": upload({ shape: b.shape, data: new Float32Array(b.data.length) }),
      ...denseState([["out", wo, bo]]),
    });
    // The workload has one bias. PyTorch's second one stays zero: trained, both would move.
    nn.freeze(model, { where: (name) => name.endsWith("bias_hh_l0") });
    return trainer(model, training, (x) => model.forward(x));
  },
};
