import type { Runnable } from "../sides/side.ts";
import type { Values } from "../workloads/random.ts";
import { adam, BATCHES, type Training } from "../workloads/training.ts";
import type { Binding, KernelText, Launch, Machine } from "./machine.ts";

/** Losses that are kept on the device, one a step, in turn. */
const RING = 64;
/** Where the ring begins in the state; before it t, the step size and what corrects the bias. */
const RING_START = 8;

/** All parameters flat in one buffer, likewise their gradients and Adam's two averages. */
export class Flat {
  readonly parameters: GPUBuffer;
  readonly gradients: GPUBuffer;
  /** [t, lr / (1 - beta1^t), 1 / (1 - beta2^t), beta1^t, beta2^t, ..., losses from 8 on] */
  readonly state: GPUBuffer;
  /** Of each parameter, in elements: multiples of 4. */
  readonly offset: Readonly<Record<string, number>>;
  readonly length: number;
  readonly #averages: readonly [GPUBuffer, GPUBuffer];

  constructor(machine: Machine, parameters: Readonly<Record<string, Values>>) {
    const offset: Record<string, number> = {};
    let length = 0;
    for (const [name, { data }] of Object.entries(parameters)) {
      offset[name] = length;
      length += Math.ceil(data.length / 4) * 4;
    }
    const flat = new Float32Array(length);
    for (const [name, { data }] of Object.entries(parameters)) flat.set(data, offset[name]);
    this.offset = offset;
    this.length = length;
    this.parameters = machine.buffer(length, flat);
    this.gradients = machine.buffer(length);
    this.#averages = [machine.buffer(length), machine.buffer(length)];
    this.state = machine.buffer(RING_START + RING, new Float32Array([0, 0, 0, 1, 1]));
  }

  /** Of a parameter, in vec4f. */
  vec(name: string): number {
    return this.offset[name] / 4;
  }

  /** Adam over all parameters at once. */
  adam(): KernelText {
    const { beta1, beta2, eps } = adam;
    const [m, v] = this.#averages;
    const bindings: Binding[] = [
      { name: "gradient", buffer: this.gradients },
      { name: "parameter", buffer: this.parameters, write: true },
      { name: "mean", buffer: m, write: true },
      { name: "square", buffer: v, write: true },
      { name: "state", buffer: this.state, type: "f32" },
    ];
    return {
      label: "adam",
      bindings,
      workgroupSize: [64, 1],
      grid: [Math.ceil(this.length / 4 / 64)],
      body: `
let i = gid.x;
if (i >= ${this.length / 4}u) { return; }
let g = gradient[i];
let m = ${beta1} * mean[i] + ${1 - beta1} * g;
let v = ${beta2} * square[i] + ${1 - beta2} * g * g;
mean[i] = m;
square[i] = v;
parameter[i] -= state[1] * m / (sqrt(v * state[2]) + ${eps});`,
    };
  }
}

/** Counts the step, corrects Adam's bias, and keeps `loss` in the ring; for one thread. */
export const tick = (loss: string): string => `
let t = state[0] + 1.0;
let power1 = state[3] * ${adam.beta1};
let power2 = state[4] * ${adam.beta2};
state[0] = t;
state[3] = power1;
state[4] = power2;
state[1] = ${adam.lr} / (1.0 - power1);
state[2] = 1.0 / (1.0 - power2);
state[${RING_START}u + u32(t - 1.0) % ${RING}u] = ${loss};`;

export interface Inputs {
  readonly x: readonly GPUBuffer[];
  readonly y: readonly GPUBuffer[];
}

export function uploadBatches(machine: Machine, { batches }: Training): Inputs {
  const upload = ({ data }: Values) => machine.buffer(data.length, data);
  return { x: batches.map(({ x }) => upload(x)), y: batches.map(({ y }) => upload(y)) };
}

/** A training step: these launches in one submit, the loss read from the ring. */
export function trainer(machine: Machine, flat: Flat, launches: readonly Launch[]): Runnable {
  let newest = 0;
  return {
    step(index) {
      newest = index;
      machine.run(launches, index % BATCHES);
    },
    read: async () => (await machine.read(flat.state, 1, RING_START + (newest % RING)))[0],
    note: `${launches.length} launches`,
  };
}
