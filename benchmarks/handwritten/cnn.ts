import type { Runnable } from "../sides/side.ts";
import { type CnnSizes, cnnTraining } from "../workloads/training.ts";
import { convBackward, convForward, convWeights } from "./conv.ts";
import {
  addProducts,
  backThroughDense,
  CLASSES,
  denseGradient,
  PADDED,
  softmaxLoss,
  weightColumns,
} from "./dense.ts";
import { firstConv, firstConvGradient, sumImages, TAPS } from "./firstConv.ts";
import type { KernelText, Machine } from "./machine.ts";
import { maxPool, takeFirstMaximum } from "./pool.ts";
import { repeat } from "./text.ts";
import { Flat, type Inputs, trainer, uploadBatches } from "./trainer.ts";

const FEATURES = 7 * 7 * 32;
/** The sum over the features is split into so many parts: 64 rows alone are few threads. */
const SPLITS = 8;

interface Buffers extends Inputs {
  /** After the first convolution and after its pooling; then likewise the second. */
  readonly h1: GPUBuffer;
  readonly p1: GPUBuffer;
  readonly h2: GPUBuffer;
  readonly p2: GPUBuffer;
  readonly partial: GPUBuffer;
  readonly dLogits: GPUBuffer;
  readonly dH2: GPUBuffer;
  readonly dP1: GPUBuffer;
  readonly perImage: GPUBuffer;
}

function buffersOf(machine: Machine, inputs: Inputs, rows: number): Buffers {
  return {
    ...inputs,
    h1: machine.buffer(rows * 28 * 28 * 16),
    p1: machine.buffer(rows * 14 * 14 * 16),
    h2: machine.buffer(rows * 14 * 14 * 32),
    p2: machine.buffer(rows * FEATURES),
    partial: machine.buffer(rows * SPLITS * PADDED),
    dLogits: machine.buffer(rows * PADDED),
    dH2: machine.buffer(rows * 14 * 14 * 32),
    dP1: machine.buffer(rows * 14 * 14 * 16),
    perImage: machine.buffer(rows * TAPS * 16),
  };
}

/** Parts of the logits: a thread takes one row and one split. */
function partialLogits(flat: Flat, { p2, partial }: Buffers, rows: number): KernelText {
  const quads = FEATURES / 4 / SPLITS;
  return {
    label: "partial logits",
    bindings: [
      { name: "features", buffer: p2 },
      { name: "p", buffer: flat.parameters, type: "f32" },
      { name: "partial", buffer: partial, type: "f32", write: true },
    ],
    workgroupSize: [32, 1],
    grid: [(rows * SPLITS) / 32],
    body: `
let row = gid.x % ${rows}u;
let first = gid.x / ${rows}u * ${quads}u;
${repeat(CLASSES, (j) => `var z${j} = 0.0;`)}
for (var k = first; k < first + ${quads}u; k++) {
  let h = features[row * ${FEATURES / 4}u + k];
  let weight = ${flat.offset.w3}u + k * ${4 * CLASSES}u;
  ${addProducts("p")}
}
${repeat(CLASSES, (j) => `partial[gid.x * ${PADDED}u + ${j}u] = z${j};`)}`,
  };
}

function lossKernel(flat: Flat, { partial, y, dLogits }: Buffers, rows: number): KernelText {
  return {
    label: "loss",
    bindings: [
      { name: "partial", buffer: partial, type: "f32" },
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
for (var split = 0u; split < ${SPLITS}u; split++) {
  ${repeat(CLASSES, (j) => `z${j} += partial[(split * ${rows}u + row) * ${PADDED}u + ${j}u];`)}
}
${softmaxLoss(rows)}`,
  };
}

/** The four places of a 2 x 2 block of [14, 14, 32], in vec4f. */
const block = ["at", "at + 8u", "at + 112u", "at + 120u"];

/** Back through the dense layer, pooling and relu at once: a thread takes a pooled vec4f. */
function backToSecond(flat: Flat, { dLogits, h2, p2, dH2 }: Buffers, rows: number): KernelText {
  return {
    label: "dH2",
    bindings: [
      { name: "d", buffer: dLogits },
      { name: "p", buffer: flat.parameters, type: "f32" },
      { name: "wide", buffer: h2 },
      { name: "pooled", buffer: p2 },
      { name: "dWide", buffer: dH2, write: true },
    ],
    workgroupSize: [64, 1],
    grid: [(rows * FEATURES) / 4 / 64],
    body: `
let row = gid.x / ${FEATURES / 4}u;
let q = gid.x % ${FEATURES / 4}u;
${weightColumns(flat, "w3")}
${backThroughDense("row")}
let c = gid.x & 7u;
let place = gid.x >> 3u;
let at = (place / 7u * 28u + place % 7u * 2u) * 8u + c;
let largest = pooled[gid.x];
var rest = select(vec4f(0), back, largest > vec4f(0));
${takeFirstMaximum(block, "wide", (at, _, d) => `dWide[${at}] = ${d};`)}`,
  };
}

/** The CNN's step in thirteen launches; what follows a pooling scatters through it on the fly. */
export function cnn(machine: Machine, { batch }: CnnSizes): Runnable {
  const training = cnnTraining({ batch });
  const flat = new Flat(machine, training.parameters);
  const b = buffersOf(machine, uploadBatches(machine, training), batch);
  const second = { batch, side: 14, inChannels: 16, outChannels: 32, pixels: 7 };
  const weights = { weights: flat.parameters, weightOffset: flat.vec("w2") };
  const kernels = [
    firstConv(flat, b, batch),
    maxPool(b.h1, b.p1, { batch, side: 28, channels: 16 }),
    convForward({
      ...{ ...second, ...weights, label: "second convolution", input: b.p1, output: b.h2 },
      store: (sum, { index, column }) =>
        `out[${index}] = max(${sum} + weights[${flat.vec("b2")}u + ${column}], vec4f(0));`,
    }),
    maxPool(b.h2, b.p2, { batch, side: 14, channels: 32 }),
    partialLogits(flat, b, batch),
    lossKernel(flat, b, batch),
    denseGradient(flat, b.p2, b.dLogits, {
      ...{ rows: batch, features: FEATURES, weight: "w3", bias: "b3" },
    }),
    backToSecond(flat, b, batch),
    convWeights({
      ...{ ...second, label: "dW2", input: b.p1, dOutput: b.dH2, output: flat.gradients },
      ...{ offset: flat.vec("w2"), biasOffset: flat.vec("b2"), workgroup: [4, 2] },
    }),
    convBackward({
      ...{ ...second, ...weights, label: "dP1", input: b.dH2, output: b.dP1, workgroup: [2, 8] },
    }),
    firstConvGradient(b, batch),
    sumImages(flat, b, batch),
    flat.adam(),
  ];
  return trainer(
    machine,
    flat,
    kernels.map((kernel) => machine.kernel(kernel)),
  );
}
