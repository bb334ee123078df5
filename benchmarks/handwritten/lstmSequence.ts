// The recurrence over a whole sequence in one launch each way: a workgroup takes 8 rows of the
// batch through all steps, with what the next step needs in workgroup memory. Gates i, f, g, o.
import type { LstmSizes } from "../workloads/training.ts";
import type { KernelText } from "./machine.ts";
import { lane, repeat, vec4, zero } from "./text.ts";
import type { Flat } from "./trainer.ts";

export interface Sequence {
  /** x W + b of all steps, [batch, steps, 4 hidden]. */
  readonly projected: GPUBuffer;
  /** [batch, steps + 1, hidden], zero before the first step. */
  readonly states: GPUBuffer;
  readonly cells: GPUBuffer;
  /** After their activations, [batch, steps, 4 hidden]. */
  readonly gates: GPUBuffer;
  /** What comes from the outputs, [batch, steps, hidden]. */
  readonly dStates: GPUBuffer;
  /** Before the activations, [batch, steps, 4 hidden]. */
  readonly dGates: GPUBuffer;
}

/** Rows of a thread, and rows of its workgroup. */
const ROWS = 4;
const GROUP_ROWS = 8;
const GATES = 4;

const sigmoid = (x: string): string => `(1.0 / (1.0 + exp(-${x})))`;

/** Row i of this thread in the batch. */
const rowIndices = repeat(
  ROWS,
  (i) => `let row${i} = wid.x * ${GROUP_ROWS}u + lid.y * ${ROWS}u + ${i}u;`,
);

/** Products of the state in workgroup memory with the recurrent weights [hidden, 4 hidden]. */
const addRecurrent = (flat: Flat, quads: number): string => `
for (var k = 0u; k < ${quads}u; k++) {
  ${repeat(ROWS, (i) => `let h${i} = state[(lid.y * ${ROWS}u + ${i}u) * ${quads}u + k];`)}
  ${repeat(
    4,
    (q) => `{
    let weight = ${flat.vec("wh")}u + (k * 4u + ${q}u) * ${GATES * quads}u + j;
    ${repeat(GATES, (g) => `let w${g} = p[weight + ${g * quads}u];`)}
    ${repeat(ROWS, (i) => repeat(GATES, (g) => `z${i}_${g} += h${i}.${lane(q)} * w${g};`))}
  }`,
  )}
}`;

/** Gates, cell and state of row i at step t. */
const forwardCell = (i: number, steps: number, quads: number): string => `{
  let gateI = ${sigmoid(`z${i}_0`)};
  let gateF = ${sigmoid(`z${i}_1`)};
  let gateG = tanh(z${i}_2);
  let gateO = ${sigmoid(`z${i}_3`)};
  cell${i} = gateF * cell${i} + gateI * gateG;
  let h = gateO * tanh(cell${i});
  let at = (row${i} * ${steps}u + t) * ${GATES * quads}u + j;
  gates[at] = gateI;
  gates[at + ${quads}u] = gateF;
  gates[at + ${2 * quads}u] = gateG;
  gates[at + ${3 * quads}u] = gateO;
  let after = (row${i} * ${steps + 1}u + t + 1u) * ${quads}u + j;
  states[after] = h;
  cells[after] = cell${i};
  state[(lid.y * ${ROWS}u + ${i}u) * ${quads}u + j] = h;
}`;

/** A thread takes four units of four rows, all four gates of them. */
export function forwardSequence(
  flat: Flat,
  { projected, states, cells, gates }: Sequence,
  { batch, steps, hidden }: LstmSizes,
): KernelText {
  const quads = hidden / 4;
  return {
    label: "sequence forward",
    bindings: [
      { name: "projected", buffer: projected },
      { name: "p", buffer: flat.parameters },
      { name: "states", buffer: states, write: true },
      { name: "cells", buffer: cells, write: true },
      { name: "gates", buffer: gates, write: true },
    ],
    shared: `var<workgroup> state: array<vec4f, ${GROUP_ROWS * quads}>;`,
    workgroupSize: [quads, GROUP_ROWS / ROWS],
    grid: [batch / GROUP_ROWS],
    body: `
let j = lid.x;
${rowIndices}
${repeat(
  ROWS,
  (i) => `var cell${i} = ${zero}; state[(lid.y * ${ROWS}u + ${i}u) * ${quads}u + j] = ${zero};`,
)}
workgroupBarrier(); // the state before the first step is there
for (var t = 0u; t < ${steps}u; t++) {
  ${repeat(ROWS, (i) => {
    const row = `(row${i} * ${steps}u + t) * ${GATES * quads}u`;
    return repeat(GATES, (g) => `var z${i}_${g} = projected[${row} + ${g * quads}u + j];`);
  })}
  ${addRecurrent(flat, quads)}
  workgroupBarrier(); // all have read the state
  ${repeat(ROWS, (i) => forwardCell(i, steps, quads))}
  workgroupBarrier(); // the next state is there
}`,
  };
}

/** Gradients of the gates of row i at step t, also into workgroup memory. */
const backwardCell = (i: number, steps: number, quads: number): string => `{
  let at = (row${i} * ${steps}u + t) * ${GATES * quads}u + j;
  let gateI = gates[at];
  let gateF = gates[at + ${quads}u];
  let gateG = gates[at + ${2 * quads}u];
  let gateO = gates[at + ${3 * quads}u];
  let before = (row${i} * ${steps + 1}u + t) * ${quads}u + j;
  let tanhCell = tanh(cells[before + ${quads}u]);
  let dState = dh${i} + dStates[(row${i} * ${steps}u + t) * ${quads}u + j];
  let d = dCell${i} + dState * gateO * (1.0 - tanhCell * tanhCell);
  let dI = d * gateG * gateI * (1.0 - gateI);
  let dF = d * cells[before] * gateF * (1.0 - gateF);
  let dG = d * gateI * (1.0 - gateG * gateG);
  let dO = dState * tanhCell * gateO * (1.0 - gateO);
  dCell${i} = d * gateF;
  ${["dI", "dF", "dG", "dO"]
    .map(
      (value, g) => `dGates[at + ${g * quads}u] = ${value};
  shared_d[own${i} + ${g * quads}u + j] = ${value};`,
    )
    .join("\n")}
}`;

/** dGates times the recurrent weights, transposed: a thread takes 8 rows and 8 units, of one gate;
 *  the four gates' sums meet in workgroup memory. */
const backThroughWeights = (flat: Flat, quads: number): string => `
${repeat(8, (i) => `var part${i}_0 = ${zero}; var part${i}_1 = ${zero};`)}
for (var k = gate * ${quads}u; k < (gate + 1u) * ${quads}u; k++) {
  ${repeat(
    8,
    (q) => `let w${q} = p[${flat.vec("wh")}u + (units * 8u + ${q}u) * ${GATES * quads}u + k];`,
  )}
  ${repeat(8, (i) => `let z${i} = shared_d[${i}u * ${GATES * quads}u + k];`)}
  ${repeat(
    4,
    (c) => `{
    let first = ${vec4((q) => `w${q}.${lane(c)}`)};
    let second = ${vec4((q) => `w${q + 4}.${lane(c)}`)};
    ${repeat(
      8,
      (i) => `part${i}_0 += z${i}.${lane(c)} * first; part${i}_1 += z${i}.${lane(c)} * second;`,
    )}
  }`,
  )}
}
workgroupBarrier(); // all have read the gates' gradients
${repeat(
  8,
  (i) => `shared_d[${i}u * ${GATES * quads}u + gate * ${quads}u + units * 2u] = part${i}_0;
shared_d[${i}u * ${GATES * quads}u + gate * ${quads}u + units * 2u + 1u] = part${i}_1;`,
)}
workgroupBarrier(); // the sums of all four gates are there
${repeat(ROWS, (i) => {
  const parts = [0, 1, 2, 3].map((g) => `shared_d[own${i} + ${g * quads}u + j]`);
  return `dh${i} = ${parts.join(" + ")};`;
})}
workgroupBarrier(); // all have read them`;

/** The cells as in the forward direction, four units of four rows a thread; the products otherwise
 *  (see above). Workgroups have 2 hidden / 4 threads: 16 groups of 8 units times 4 gates. */
export function backwardSequence(
  flat: Flat,
  { cells, gates, dStates, dGates }: Sequence,
  { batch, steps, hidden }: LstmSizes,
): KernelText {
  const quads = hidden / 4;
  const unitGroups = hidden / 8;
  return {
    label: "sequence backward",
    bindings: [
      { name: "p", buffer: flat.parameters },
      { name: "cells", buffer: cells },
      { name: "gates", buffer: gates },
      { name: "dStates", buffer: dStates },
      { name: "dGates", buffer: dGates, write: true },
    ],
    shared: `var<workgroup> shared_d: array<vec4f, ${GROUP_ROWS * GATES * quads}>;`,
    workgroupSize: [quads, GROUP_ROWS / ROWS],
    grid: [batch / GROUP_ROWS],
    body: `
let j = lid.x;
${rowIndices}
${repeat(
  ROWS,
  (i) => `var dh${i} = ${zero}; var dCell${i} = ${zero};
let own${i} = (lid.y * ${ROWS}u + ${i}u) * ${GATES * quads}u;`,
)}
let units = local % ${unitGroups}u;
let gate = local / ${unitGroups}u;
for (var step = 0u; step < ${steps}u; step++) {
  let t = ${steps - 1}u - step;
  ${repeat(ROWS, (i) => backwardCell(i, steps, quads))}
  workgroupBarrier(); // the gates' gradients are there
  ${backThroughWeights(flat, quads)}
}`,
  };
}
