// TensorFlow.js on its webgpu back end: fused ops where it has them, `minimize` of its own Adam,
// its own LSTM layer. Its kernels run at once: there is nothing to compile.
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import * as operations from "../workloads/operations.ts";
import type { Values } from "../workloads/random.ts";
import {
  adam,
  BATCHES,
  cnnTraining,
  lstmTraining,
  mlpTraining,
  type Training,
} from "../workloads/training.ts";
import type { Runnable, Side } from "./side.ts";

type Run = (...inputs: tf.Tensor[]) => tf.Tensor;

const upload = ({ shape, data }: Values): tf.Tensor => tf.tensor(data, [...shape]);

/** Runs `compute` at each step; its first element is what a read waits for. */
function computing(compute: () => tf.Tensor): Runnable {
  let newest: tf.Tensor | undefined;
  return {
    step() {
      newest?.dispose();
      newest = tf.tidy(compute);
    },
    async read() {
      const first = tf.tidy(() => tf.slice(tf.reshape(newest!, [-1]), [0], [1]));
      const [value] = await first.data();
      first.dispose();
      return value;
    },
    all: async () => (await newest!.data()) as Float32Array,
  };
}

const operation = (inputs: readonly tf.Tensor[], run: Run): Runnable =>
  computing(() => run(...inputs));

type Variables = Record<string, tf.Variable>;

const variablesOf = ({ parameters }: Training): Variables =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, tf.variable(upload(values))]),
  );

function trainer(
  training: Training,
  variables: readonly tf.Variable[],
  forward: (x: tf.Tensor) => tf.Tensor,
): Runnable {
  const optimizer = tf.train.adam(adam.lr, adam.beta1, adam.beta2, adam.eps);
  const batches = training.batches.map(({ x, y }) => [upload(x), upload(y)] as const);
  let loss: tf.Scalar | null = null;
  return {
    step(index) {
      loss?.dispose();
      const [x, y] = batches[index % BATCHES];
      const value = (): tf.Scalar => tf.losses.softmaxCrossEntropy(y, forward(x)) as tf.Scalar;
      loss = optimizer.minimize(value, true, [...variables]);
    },
    read: async () => (await loss!.data())[0],
  };
}

const convolve = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");

const convBlock = (x: tf.Tensor, filter: tf.Variable, bias: tf.Variable): tf.Tensor =>
  tf.maxPool(
    tf.fused.conv2d({
      x: x as tf.Tensor4D,
      filter: filter as tf.Tensor as tf.Tensor4D,
      strides: 1,
      pad: "same",
      bias,
      activation: "relu",
    }) as tf.Tensor4D,
    2,
    2,
    "valid",
  );

const dense = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor, activation?: "relu"): tf.Tensor =>
  tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation });

export const side: Side = {
  async open() {
    if (!(await tf.setBackend("webgpu"))) throw new Error("TensorFlow.js found no WebGPU");
    await tf.ready();
    const { adapterInfo } = tf.backend() as unknown as { adapterInfo?: { description?: string } };
    return adapterInfo?.description ?? "";
  },

  matmul: (size) => operation(operations.matmulInputs(size).map(upload), (a, b) => tf.matMul(a, b)),

  batchedMatmul: (batch, size) =>
    operation(operations.batchedInputs(batch, size).map(upload), (a, b) => tf.matMul(a, b)),

  elementwise(count) {
    const { scale, shift } = operations.elementwise;
    return operation([upload(operations.elementwiseInput(count))], (x) => {
      const curve = tf.tanh(tf.add(tf.mul(x, scale), shift));
      return tf.sub(tf.mul(curve, tf.sigmoid(x)), tf.relu(x));
    });
  },

  sum: (count) => operation([upload(operations.sumInput(count))], (x) => tf.sum(x)),

  softmax: (size) => operation([upload(operations.softmaxInput(size))], (x) => tf.softmax(x, -1)),

  conv: (sizes) => operation(operations.convInputs(sizes).map(upload), convolve),

  convTrain(sizes) {
    const [x, w] = operations.convInputs(sizes).map(upload);
    const gradients = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(convolve(a, b))));
    return computing(() => gradients([x, w])[1]);
  },

  twoAdds: (count) =>
    operation(operations.addInputs(count).map(upload), (x, y, z) => tf.add(tf.add(x, y), z)),

  mlp(sizes) {
    const training = mlpTraining(sizes);
    const p = variablesOf(training);
    const last = sizes.widths.length - 1;
    return trainer(training, Object.values(p), (x) => {
      for (let i = 1; i <= last; i++) {
        x = dense(x, p[`w${i}`], p[`b${i}`], i < last ? "relu" : undefined);
      }
      return x;
    });
  },

  cnn(sizes) {
    const training = cnnTraining(sizes);
    const p = variablesOf(training);
    return trainer(training, Object.values(p), (x) => {
      const features = convBlock(convBlock(x, p.w1, p.b1), p.w2, p.b2);
      return dense(tf.reshape(features, [sizes.batch, 1568]), p.w3, p.b3);
    });
  },

  lstm(sizes) {
    const training = lstmTraining(sizes);
    const { wx, wh, b } = training.parameters;
    const { wo, bo } = variablesOf(training);
    const layer = layers.lstm({
      units: sizes.hidden,
      returnSequences: true,
      recurrentActivation: "sigmoid",
      unitForgetBias: false,
      // Replaced at once; the orthogonal default takes seconds.
      recurrentInitializer: "zeros",
    });
    // A first call makes its weights.
    layer.apply(upload(training.batches[0].x));
    layer.setWeights([wx, wh, b].map(upload));
    const own = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    return trainer(training, [...own, wo, bo], (x) => {
      const states = layer.apply(x, { training: true }) as tf.Tensor;
      return dense(tf.reshape(states, [-1, sizes.hidden]), wo, bo);
    });
  },
};
