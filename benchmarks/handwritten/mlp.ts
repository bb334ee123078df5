import type { Runnable } from "../sides/side.ts";
import { type MlpSizes, mlpTraining } from "../workloads/training.ts";
import {
  addProducts,
  backThroughDense,
  CLASSES,
  denseGradient,
  PADDED,
  softmaxLoss,
  weightColumns,
} from "./dense.ts";
import { type Gemm, gemm, type Store } from "./gemm.ts";
import type { KernelText, Machine } from "./machine.ts";
import { repeat } from "./text.ts";
import { Flat, trainer, uploadBatches } from "./trainer.ts";

/** relu(sum + bias), the bias in the same buffer as the weights. */
const biasRelu =
  (flat: Flat, bias: string): Store =>
  (sum, { index, column }) =>
    `c[${index}] = max(${sum} + b[${flat.vec(bias)}u + ${column}], vec4f(0));`;

/** The gradient passes where relu's output was above 0. */
const maskBy =
  (output: string): Store =>
  (sum, { index }) =>
    `c[${index}] = select(vec4f(0), ${sum}, ${output}[${index}] > vec4f(0));`;

interface Buffers {
  readonly x: readonly GPUBuffer[];
  readonly y: readonly GPUBuffer[];
  readonly h1: GPUBuffer;
  readonly h2: GPUBuffer;
  readonly dLogits: GPUBuffer;
  readonly dH2: GPUBuffer;
  readonly dH1: GPUBuffer;
}

/** Logits, loss and the gradient of the logits: one workgroup, a thread a row. */
function lossKernel(
  flat: Flat,
  { h2, y, dLogits }: Buffers,
  rows: number,
  width: number,
): KernelText {
  return {
    label: "loss",
    bindings: [
      { name: "hidden", buffer: h2 },
      { name: "p", buffer: flat.parameters, type: "f32" },
      { name: "labels", buffer: y, type: "f32" },
      { name: "gradient", buffer: dLogits, type: "f32", write: true },
      { name: "state", buffer: flat.state, type: "f32", write: true },
    ],
    shared: `var<workgroup> part: array<f32, ${rows}>;`,
    workgroupSize: [rows, 1],
    grid: [1],
    body: `
let row = lid.x;
${repeat(CLASSES, (j) => `var z${j} = p[${flat.offset.b3 + j}u];`)}
for (var k = 0u; k < ${width / 4}u; k++) {
  let h = hidden[row * ${width / 4}u + k];
  let weight = ${flat.offset.w3}u + k * ${4 * CLASSES}u;
  ${addProducts("p")}
}
${softmaxLoss(rows)}`,
  };
}

/** The gradient of the second hidden layer, before its relu: a thread takes four features
 *  of four rows. */
function backToHidden(
  flat: Flat,
  { h2, dLogits, dH2 }: Buffers,
  rows: number,
  width: number,
): KernelText {
  return {
    label: "dH2",
    bindings: [
      { name: "d", buffer: dLogits },
      { name: "p", buffer: flat.parameters, type: "f32" },
      { name: "hidden", buffer: h2 },
      { name: "dHidden", buffer: dH2, write: true },
    ],
    workgroupSize: [16, 1],
    grid: [(rows * width) / 16 / 16],
    body: `
let row0 = gid.x / ${width / 4}u * 4u;
let q = gid.x % ${width / 4}u;
${weightColumns(flat, "w3")}
${repeat(
  4,
  (i) => `{
  ${backThroughDense(`(row0 + ${i}u)`)}
  let at = (row0 + ${i}u) * ${width / 4}u + q;
  dHidden[at] = select(vec4f(0), back, hidden[at] > vec4f(0));
}`,
)}`,
  };
}

/** The products of the step but for those of the last layer. */
function products(
  flat: Flat,
  b: Buffers,
  rows: number,
  [inputs, first, second]: readonly number[],
) {
  const weights = (name: string) => ({ buffer: flat.parameters, offset: flat.vec(name) });
  const gradients = (name: string) => ({ buffer: flat.gradients, offset: flat.vec(name) });
  const specs: Record<string, Gemm> = {
    h1: {
      label: "h1",
      m: rows,
      n: first,
      k: inputs,
      a: { buffer: b.x },
      b: weights("w1"),
      c: { buffer: b.h1 },
      store: biasRelu(flat, "b1"),
    },
    h2: {
      label: "h2",
      m: rows,
      n: second,
      k: first,
      a: { buffer: b.h1 },
      b: weights("w2"),
      c: { buffer: b.h2 },
      store: biasRelu(flat, "b2"),
    },
    dW2: {
      label: "dW2",
      m: first,
      n: second,
      k: rows,
      columnSums: flat.vec("b2"),
      a: { buffer: b.h1, transposed: true },
      b: { buffer: b.dH2 },
      c: gradients("w2"),
    },
    dH1: {
      label: "dH1",
      m: rows,
      n: first,
      k: second,
      a: { buffer: b.dH2 },
      b: { ...weights("w2"), transposed: true },
      c: { buffer: b.dH1 },
      extra: [{ name: "hidden", buffer: b.h1 }],
      store: maskBy("hidden"),
    },
    dW1: {
      label: "dW1",
      m: inputs,
      n: first,
      k: rows,
      columnSums: flat.vec("b1"),
      a: { buffer: b.x, transposed: true },
      b: { buffer: b.dH1 },
      c: gradients("w1"),
    },
  };
  return (name: keyof typeof specs) => gemm(specs[name]);
}

/** The MLP's step in nine launches. */
export function mlp(machine: Machine, sizes: MlpSizes): Runnable {
  const training = mlpTraining(sizes);
  const { batch: rows, widths } = sizes;
  const flat = new Flat(machine, training.parameters);
  const [, first, second] = widths;
  const buffers: Buffers = {
    ...uploadBatches(machine, training),
    h1: machine.buffer(rows * first),
    h2: machine.buffer(rows * second),
    dLogits: machine.buffer(rows * PADDED),
    dH2: machine.buffer(rows * second),
    dH1: machine.buffer(rows * first),
  };
  const product = products(flat, buffers, rows, widths);
  const last = { rows, features: second, weight: "w3", bias: "b3" };
  const kernels = [
    product("h1"),
    product("h2"),
    lossKernel(flat, buffers, rows, second),
    denseGradient(flat, buffers.h2, buffers.dLogits, last),
    backToHidden(flat, buffers, rows, second),
    product("dW2"),
    product("dH1"),
    product("dW1"),
    flat.adam(),
  ];
  return trainer(
    machine,
    flat,
    kernels.map((kernel) => machine.kernel(kernel)),
  );
}
