// Adam and a jitted training step for jax-js, which has no optimizers of its own.
import { type Array as JaxArray, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { transpose, type Values } from "../workloads/random.ts";
import { adam, BATCHES, type Training } from "../workloads/training.ts";
import type { Runnable } from "./side.ts";

export type Parameters = Record<string, JaxArray>;

export const upload = ({ shape, data }: Values): JaxArray =>
  np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);
export const uploadAs = (values: Values, order: readonly number[]): JaxArray =>
  upload(transpose(values, order));

interface State extends Record<string, JaxArray | Parameters> {
  p: Parameters;
  m: Parameters;
  v: Parameters;
  /** beta1^t and beta2^t. */
  power1: JaxArray;
  power2: JaxArray;
}

/** The published rule, on every parameter; takes the state and the gradients over. */
function adamStep({ p, m, v, power1, power2 }: State, g: Parameters): State {
  const { lr, beta1, beta2, eps } = adam;
  const q1 = power1.mul(beta1);
  const q2 = power2.mul(beta2);
  const next: State = { p: {}, m: {}, v: {}, power1: q1, power2: q2 };
  for (const name of Object.keys(p)) {
    const mean = m[name].mul(beta1).add(g[name].ref.mul(1 - beta1));
    const square = v[name].mul(beta2).add(np.square(g[name]).mul(1 - beta2));
    const first = mean.ref.div(np.subtract(1, q1.ref));
    const second = np.sqrt(square.ref.div(np.subtract(1, q2.ref)));
    next.p[name] = p[name].sub(first.div(second.add(eps)).mul(lr));
    next.m[name] = mean;
    next.v[name] = square;
  }
  return next;
}

const mapValues = (p: Parameters, change: (x: JaxArray) => JaxArray): Parameters =>
  Object.fromEntries(Object.entries(p).map(([name, x]) => [name, change(x)]));

function crossEntropy(logits: JaxArray, y: JaxArray): JaxArray {
  const rows = logits.shape[0];
  return nn
    .logSoftmax(logits, -1)
    .mul(y)
    .sum()
    .mul(-1 / rows);
}

export function trainer(
  parameters: Parameters,
  batches: readonly (readonly [JaxArray, JaxArray])[],
  forward: (p: Parameters, x: JaxArray) => JaxArray,
): Runnable {
  const lossAndGradients = valueAndGrad((p: Parameters, x: JaxArray, y: JaxArray) =>
    crossEntropy(forward(p, x), y),
  );
  const train = jit((state: State, x: JaxArray, y: JaxArray) => {
    const kept = mapValues(state.p, (value) => value.ref);
    const [loss, gradients] = lossAndGradients(kept, x, y) as [JaxArray, Parameters];
    return { loss, state: adamStep(state, gradients) };
  });
  const zeros = () => mapValues(parameters, (value) => np.zeros(value.shape));
  let state: State = {
    p: parameters,
    m: zeros(),
    v: zeros(),
    power1: np.array(1),
    power2: np.array(1),
  };
  let loss: JaxArray | undefined;
  return {
    async step(index) {
      loss?.dispose();
      const [x, y] = batches[index % BATCHES];
      const result = train(state, x.ref, y.ref) as { loss: JaxArray; state: State };
      ({ loss, state } = result);
      // Steps that run ahead of the device take up to twice as long.
      await loss.blockUntilReady();
    },
    read: async () => Number((await loss!.ref.data())[0]),
  };
}

export const uploadAll = ({ batches }: Training, shape = batches[0].x.shape) =>
  batches.map(({ x, y }) => [upload({ ...x, shape }), upload(y)] as const);

/** The parameters of a workload as they are. */
export function mapUpload({ parameters }: Training): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, values]) => [name, upload(values)]),
  );
}
