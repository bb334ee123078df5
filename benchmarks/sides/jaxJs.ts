// jax-js in its fastest documented mode: what is computed is jitted as a whole, a training step
// with gradients and Adam included. Every function takes its arguments over: `.ref` keeps them.
import {
  defaultDevice,
  getWebGPUDevice,
  init,
  type Array as JaxArray,
  jit,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
} from "@jax-js/jax";
import * as operations from "../workloads/operations.ts";
import { transpose } from "../workloads/random.ts";
import { cnnTraining, type LstmSizes, lstmTraining, mlpTraining } from "../workloads/training.ts";
import { mapUpload, type Parameters, trainer, upload, uploadAll, uploadAs } from "./jaxTraining.ts";
import type { Runnable, Side } from "./side.ts";

const toNchw = [0, 3, 1, 2];
const toOihw = [3, 2, 0, 1];

/** jax-js is lazy: an array that is given up before anybody asked for it is never computed. This
 *  hands  its work to the GPU without waiting for it. */
const submit = (array: JaxArray): Promise<unknown> => array.ref.gpuBuffer();

function operation(
  inputs: readonly JaxArray[],
  run: (...inputs: JaxArray[]) => JaxArray,
): Runnable {
  const compiled = jit(run);
  let newest: JaxArray | undefined;
  return {
    async step() {
      newest?.dispose();
      newest = compiled(...inputs.map((input) => input.ref)) as JaxArray;
      await submit(newest);
    },
    read: async () => Number((await newest!.ref.ravel().slice([0, 1]).data())[0]),
    all: async () => (await newest!.ref.data()) as Float32Array,
  };
}

const convolve = (x: JaxArray, w: JaxArray): JaxArray =>
  lax.convGeneralDilated(x, w, [1, 1], "SAME");

function convArrays(sizes: operations.ConvSizes): JaxArray[] {
  const [x, w] = operations.convInputs(sizes);
  return [uploadAs(x, toNchw), uploadAs(w, toOihw)];
}

/** The largest of each 2 x 2 block of [batch, channels, height, width]. */
function maxPool(x: JaxArray): JaxArray {
  const [batch, channels, height, width] = x.shape;
  return x.reshape([batch, channels, height / 2, 2, width / 2, 2]).max([3, 5]);
}

const addChannels = (x: JaxArray, bias: JaxArray): JaxArray => x.add(bias.reshape([-1, 1, 1]));

/** Rows beside each other, a few at a time: jax-js does not end where a join has more inputs than a
 *  kernel has bindings. */
function join(parts: readonly JaxArray[]): JaxArray {
  if (parts.length === 1) return parts[0];
  const groups = Array.from({ length: Math.ceil(parts.length / 4) }, (_, i) => {
    const group = parts.slice(4 * i, 4 * i + 4);
    return group.length === 1 ? group[0] : np.concatenate(group, 1);
  });
  return join(groups);
}

/** The recurrence, unrolled: jax-js has no scan. Projecting each step's input by itself is faster
 *  here than all steps at once, whose gradient is put together from padded slices. */
function lstmForward(p: Parameters, x: JaxArray, { batch, steps, hidden }: LstmSizes): JaxArray {
  let h = np.zeros([batch, hidden]);
  let c = np.zeros([batch, hidden]);
  const states: JaxArray[] = [];
  for (let t = 0; t < steps; t++) {
    const fromInput = np.matmul(x.ref.slice([], t), p.wx.ref).add(p.b.ref);
    const gates = fromInput.add(np.matmul(h, p.wh.ref));
    const gate = (index: number) => gates.ref.slice([], [index * hidden, (index + 1) * hidden]);
    c = nn
      .sigmoid(gate(1))
      .mul(c)
      .add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
    h = nn.sigmoid(gate(3)).mul(np.tanh(c.ref));
    gates.dispose();
    states.push(h.ref.reshape([batch, 1, hidden]));
  }
  for (const rest of [x, h, c, p.wx, p.wh, p.b]) rest.dispose();
  return np.matmul(join(states).reshape([batch * steps, hidden]), p.wo).add(p.bo);
}

export const side: Side = {
  async open() {
    const available = await init("webgpu");
    if (!available.includes("webgpu")) throw new Error("jax-js found no WebGPU");
    defaultDevice("webgpu");
    const { info } = getWebGPUDevice() as unknown as { info?: GPUAdapterInfo };
    return info?.description ?? "";
  },

  matmul: (size) => operation(operations.matmulInputs(size).map(upload), (a, b) => np.matmul(a, b)),

  batchedMatmul: (batch, size) =>
    operation(operations.batchedInputs(batch, size).map(upload), (a, b) => np.matmul(a, b)),

  elementwise(count) {
    const { scale, shift } = operations.elementwise;
    return operation([upload(operations.elementwiseInput(count))], (x) =>
      np.tanh(x.ref.mul(scale).add(shift)).mul(nn.sigmoid(x.ref)).sub(nn.relu(x)),
    );
  },

  sum: (count) => operation([upload(operations.sumInput(count))], (x) => x.sum()),

  softmax: (size) => operation([upload(operations.softmaxInput(size))], (x) => nn.softmax(x, -1)),

  conv: (sizes) => operation(convArrays(sizes), convolve),

  convTrain(sizes) {
    const gradients = valueAndGrad((inputs: JaxArray[]) =>
      np.square(convolve(inputs[0], inputs[1])).sum(),
    );
    const compiled = jit((x: JaxArray, w: JaxArray) => {
      const [value, [gx, gw]] = gradients([x, w]) as [JaxArray, JaxArray[]];
      return [value, gx, gw];
    });
    const inputs = convArrays(sizes);
    let newest: JaxArray[] = [];
    return {
      async step() {
        for (const array of newest) array.dispose();
        newest = compiled(inputs[0].ref, inputs[1].ref) as JaxArray[];
        for (const array of newest) await submit(array);
      },
      read: async () => Number((await newest[2].ref.ravel().slice([0, 1]).data())[0]),
      all: async () => (await newest[2].ref.data()) as Float32Array,
    };
  },

  twoAdds: (count) =>
    operation(operations.addInputs(count).map(upload), (x, y, z) => x.add(y).add(z)),

  mlp(sizes) {
    const training = mlpTraining(sizes);
    const layers = sizes.widths.length - 1;
    return trainer(mapUpload(training), uploadAll(training), (p, x) => {
      for (let i = 1; i <= layers; i++) {
        const y = np.matmul(x, p[`w${i}`]).add(p[`b${i}`]);
        x = i < layers ? nn.relu(y) : y;
      }
      return x;
    });
  },

  cnn(sizes) {
    const training = cnnTraining(sizes);
    const { w1, b1, w2, b2, w3, b3 } = training.parameters;
    const dense = transpose({ ...w3, shape: [7, 7, 32, 10] }, [2, 0, 1, 3]);
    const parameters = {
      w1: uploadAs(w1, toOihw),
      b1: upload(b1),
      w2: uploadAs(w2, toOihw),
      b2: upload(b2),
      w3: upload({ ...dense, shape: [1568, 10] }),
      b3: upload(b3),
    };
    const batches = uploadAll(training, [sizes.batch, 1, 28, 28]);
    return trainer(parameters, batches, (p, x) => {
      const h1 = maxPool(nn.relu(addChannels(convolve(x, p.w1), p.b1)));
      const h2 = maxPool(nn.relu(addChannels(convolve(h1, p.w2), p.b2)));
      return np.matmul(h2.reshape([sizes.batch, -1]), p.w3).add(p.b3);
    });
  },

  lstm(sizes) {
    const training = lstmTraining(sizes);
    return trainer(mapUpload(training), uploadAll(training), (p, x) => lstmForward(p, x, sizes));
  },
};
