import type { Runnable } from "../sides/side.ts";
import { type LstmSizes, lstmTraining } from "../workloads/training.ts";
import { gemm } from "./gemm.ts";
import { backwardSequence, forwardSequence, type Sequence } from "./lstmSequence.ts";
import type { KernelText, Machine } from "./machine.ts";
import { zero } from "./text.ts";
import { Flat, type Inputs, tick, trainer, uploadBatches } from "./trainer.ts";

interface Buffers extends Inputs, Sequence {
  /** Hidden states' outputs, before softmax, and their gradient. */
  readonly logits: GPUBuffer;
  readonly dLogits: GPUBuffer;
  /** One sum of losses for each workgroup. */
  readonly losses: GPUBuffer;
}

/** Rows of a workgroup of the loss. */
const LOSS_ROWS = 64;

function buffersOf(machine: Machine, inputs: Inputs, sizes: LstmSizes): Buffers {
  const { batch, steps, hidden, outputs } = sizes;
  const rows = batch * steps;
  return {
    ...inputs,
    projected: machine.buffer(rows * 4 * hidden),
    states: machine.buffer(batch * (steps + 1) * hidden),
    cells: machine.buffer(batch * (steps + 1) * hidden),
    gates: machine.buffer(rows * 4 * hidden),
    dStates: machine.buffer(rows * hidden),
    dGates: machine.buffer(rows * 4 * hidden),
    logits: machine.buffer(rows * outputs),
    dLogits: machine.buffer(rows * outputs),
    losses: machine.buffer(rows / LOSS_ROWS),
  };
}

/** Softmax cross-entropy and its gradient, a thread a row; one sum for each workgroup. */
function lossKernel({ logits, y, dLogits, losses }: Buffers, sizes: LstmSizes): KernelText {
  const [rows, quads] = [sizes.batch * sizes.steps, sizes.outputs / 4];
  return {
    label: "loss",
    bindings: [
      { name: "logits", buffer: logits },
      { name: "labels", buffer: y },
      { name: "gradient", buffer: dLogits, write: true },
      { name: "losses", buffer: losses, type: "f32", write: true },
    ],
    shared: `var<workgroup> part: array<f32, ${LOSS_ROWS}>;`,
    workgroupSize: [LOSS_ROWS, 1],
    grid: [rows / LOSS_ROWS],
    body: `
let row = gid.x * ${quads}u;
var largest4 = logits[row];
for (var k = 1u; k < ${quads}u; k++) { largest4 = max(largest4, logits[row + k]); }
let largest = max(max(largest4.x, largest4.y), max(largest4.z, largest4.w));
var total4 = ${zero};
for (var k = 0u; k < ${quads}u; k++) {
  let e = exp(logits[row + k] - largest);
  total4 += e;
  gradient[row + k] = e;
}
let total = total4.x + total4.y + total4.z + total4.w;
let logTotal = largest + log(total);
var loss4 = ${zero};
for (var k = 0u; k < ${quads}u; k++) {
  let y = labels[row + k];
  loss4 += y * (logTotal - logits[row + k]);
  gradient[row + k] = (gradient[row + k] / total - y) * ${1 / rows};
}
part[lid.x] = loss4.x + loss4.y + loss4.z + loss4.w;
workgroupBarrier(); // every row's loss is there
if (lid.x == 0u) {
  var loss = 0.0;
  for (var i = 0u; i < ${LOSS_ROWS}u; i++) { loss += part[i]; }
  losses[wid.x] = loss;
}`,
  };
}

function tickKernel(flat: Flat, { losses }: Buffers, rows: number): KernelText {
  return {
    label: "tick",
    bindings: [
      { name: "losses", buffer: losses, type: "f32" },
      { name: "state", buffer: flat.state, type: "f32", write: true },
    ],
    workgroupSize: [1, 1],
    grid: [1],
    body: `
var loss = 0.0;
for (var i = 0u; i < ${rows / LOSS_ROWS}u; i++) { loss += losses[i]; }
${tick(`loss * ${1 / rows}`)}`,
  };
}

/** Products before, between and after the sequences. States are [batch, steps + 1, hidden]: the
 *  state  after step t of row b is row b (steps + 1) + t + 1, the state before it one less. */
function products(flat: Flat, b: Buffers, sizes: LstmSizes) {
  const { batch, steps, inputs, hidden, outputs } = sizes;
  const rows = batch * steps;
  const weights = (name: string) => ({ buffer: flat.parameters, offset: flat.vec(name) });
  const gradients = (name: string) => ({ buffer: flat.gradients, offset: flat.vec(name) });
  const before = { buffer: b.states, row: (row: string) => `(${row} + ${row} / ${steps}u)` };
  const after = { buffer: b.states, row: (row: string) => `(${row} + ${row} / ${steps}u + 1u)` };
  const plusBias = (bias: string) => (sum: string, at: { index: string; column: string }) =>
    `c[${at.index}] = ${sum} + b[${flat.vec(bias)}u + ${at.column}];`;
  return {
    projection: gemm({
      label: "projection",
      m: rows,
      n: 4 * hidden,
      k: inputs,
      a: { buffer: b.x },
      b: weights("wx"),
      c: { buffer: b.projected },
      store: plusBias("b"),
    }),
    logits: gemm({
      label: "logits",
      m: rows,
      n: outputs,
      k: hidden,
      a: after,
      b: weights("wo"),
      c: { buffer: b.logits },
      store: plusBias("bo"),
    }),
    dStates: gemm({
      label: "dStates",
      m: rows,
      n: hidden,
      k: outputs,
      a: { buffer: b.dLogits },
      b: { ...weights("wo"), transposed: true },
      c: { buffer: b.dStates },
    }),
    dWo: gemm({
      label: "dWo",
      m: hidden,
      n: outputs,
      k: rows,
      a: { ...after, transposed: true },
      b: { buffer: b.dLogits },
      c: gradients("wo"),
      columnSums: flat.vec("bo"),
    }),
    dWh: gemm({
      label: "dWh",
      m: hidden,
      n: 4 * hidden,
      k: rows,
      a: { ...before, transposed: true },
      b: { buffer: b.dGates },
      c: gradients("wh"),
      columnSums: flat.vec("b"),
    }),
    dWx: gemm({
      label: "dWx",
      m: inputs,
      n: 4 * hidden,
      k: rows,
      a: { buffer: b.x, transposed: true },
      b: { buffer: b.dGates },
      c: gradients("wx"),
    }),
  };
}

/** The LSTM's step in eleven launches, however long the sequence. */
export function lstm(machine: Machine, sizes: LstmSizes): Runnable {
  const training = lstmTraining(sizes);
  const flat = new Flat(machine, training.parameters);
  const b = buffersOf(machine, uploadBatches(machine, training), sizes);
  const product = products(flat, b, sizes);
  const kernels = [
    product.projection,
    forwardSequence(flat, b, sizes),
    product.logits,
    lossKernel(b, sizes),
    product.dStates,
    product.dWo,
    backwardSequence(flat, b, sizes),
    product.dWh,
    product.dWx,
    tickKernel(flat, b, sizes.batch * sizes.steps),
    flat.adam(),
  ];
  return trainer(
    machine,
    flat,
    kernels.map((kernel) => machine.kernel(kernel)),
  );
}
