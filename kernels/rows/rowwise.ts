import type { Helper, KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearIndex, linearWorkgroup } from "../kernel.ts";
import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  maxHelper,
  nanHelper,
  oneLane,
} from "../math/floatHelpers.ts";

/**
 * Row kernels: [rows, columns], one result per element that depends on its whole row. On a
 * software adapter one thread takes a row; on a GPU one workgroup does, with a tree in workgroup
 * memory.
 */

const THREADS = 256;

/** One accumulation over a row: `value(c)` is folded by `fold` from `start` on. */
export interface Fold {
  readonly name: string;
  readonly start: string;
  readonly value: (c: string) => string;
  readonly fold: (a: string, b: string) => string;
}

export interface RowText {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  /** WGSL statements before the folds; `row` is in scope. */
  readonly before?: string;
  /** WGSL statements of one thread per row, after all folds. */
  readonly once?: string;
  readonly folds: readonly Fold[];
  /** WGSL statements for element `c`, after all folds. */
  readonly element: (c: string) => string;
}

/** Rows this short are not worth a workgroup. */
const SHORT = 16;

export function rowKernel(call: KernelCall, text: RowText): KernelSource {
  const single = call.target.software || text.columns <= SHORT;
  return single ? rowPerThread(call, text) : rowPerWorkgroup(call, text);
}

function rowPerThread({ target }: KernelCall, text: RowText): KernelSource {
  const { label, rows, columns, folds, element, before = "", once = "" } = text;
  const grid = gridFor(Math.ceil(rows / 64), target);
  const loops = folds.map(
    ({ name, start, value, fold }) => `
var ${name} = ${start};
for (var c = 0u; c < ${columns}u; c++) { ${name} = ${fold(name, value("c"))}; }`,
  );
  return {
    label: `${label} ${rows}x${columns}`,
    workgroupSize: [64, 1, 1],
    workgroups: grid,
    body: `
let row = ${linearIndex(grid, 64)};
if (row < ${rows}u) {
${before}
${loops.join("\n")}
${once}
for (var c = 0u; c < ${columns}u; c++) { ${element("c")} }
}`,
  };
}

function rowPerWorkgroup({ target }: KernelCall, text: RowText): KernelSource {
  const { label, rows, columns, folds, element, before = "", once = "" } = text;
  const threads = threadsFor(columns, target.maxInvocations);
  const grid = gridFor(rows, target);
  const loops = folds.map(
    ({ name, start, value, fold }) => `
var own_${name} = ${start};
for (var c = lid.x; c < ${columns}u; c += ${threads}u) {
  own_${name} = ${fold(`own_${name}`, value("c"))};
}
row_scratch[lid.x] = own_${name};
workgroupBarrier(); // all partial results are there
for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
  if (lid.x < half) {
    row_scratch[lid.x] = ${fold("row_scratch[lid.x]", "row_scratch[lid.x + half]")};
  }
  workgroupBarrier(); // this level of the tree is done
}
let ${name} = row_scratch[0];
workgroupBarrier(); // read before the next fold overwrites it`,
  );
  return {
    label: `${label} ${rows}x${columns}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `var<workgroup> row_scratch: array<f32, ${threads}>;`,
    // The condition is the same for the whole workgroup, so barriers may stand inside.
    body: `
let row = ${linearWorkgroup(grid)};
if (row < ${rows}u) {
${before}
${loops.join("\n")}
if (lid.x == 0u) { ${once} }
for (var c = lid.x; c < ${columns}u; c += ${threads}u) { ${element("c")} }
}`,
  };
}

function threadsFor(columns: number, limit: number): number {
  let threads = 32;
  while (threads < columns && threads * 2 <= Math.min(THREADS, limit)) threads *= 2;
  return threads;
}

/** Names of the helpers that the texts below call, made available to the kernel. */
export function helpersOf(call: KernelCall) {
  const use = (helper: Helper) => call.use(helper, oneLane);
  use(infHelper);
  use(nanHelper);
  use(isNanHelper);
  return { exp: use(expHelper), log: use(logHelper), max: use(maxHelper) };
}

const plus = (a: string, b: string) => `${a} + ${b}`;

/** y = e^(x - max) / Σ e^(x - max), or its logarithm, per row of x [rows, columns]. */
export function softmaxKernel(call: KernelCall, log: boolean): KernelSource {
  const { exp, log: ln, max } = helpersOf(call);
  const [rows, columns] = call.outputs[0]!.shape as [number, number];
  const x = (c: string) => call.inputs[0]!.at(["row", c]);
  const lift = (c: string) => `${exp}(${x(c)} - top)`;
  const value = (c: string) => (log ? `(${x(c)} - top - ${ln}(total))` : `(${lift(c)} / total)`);
  return rowKernel(call, {
    label: log ? "logSoftmax" : "softmax",
    rows,
    columns,
    folds: [
      { name: "top", start: x("0u"), value: x, fold: (a, b) => `${max}(${a}, ${b})` },
      { name: "total", start: "0.0", value: lift, fold: plus },
    ],
    element: (c) => call.outputs[0]!.store(["row", c], value(c)),
  });
}

/** dx = y (g - Σ g y) for y = softmax(x); dx = g - e^y Σ g for y = logSoftmax(x). */
export function softmaxBackwardKernel(call: KernelCall, log: boolean): KernelSource {
  const { exp } = helpersOf(call);
  const [rows, columns] = call.outputs[0]!.shape as [number, number];
  const g = (c: string) => call.inputs[0]!.at(["row", c]);
  const y = (c: string) => call.inputs[1]!.at(["row", c]);
  const term = (c: string) => (log ? g(c) : `${g(c)} * ${y(c)}`);
  const value = (c: string) =>
    log ? `(${g(c)} - ${exp}(${y(c)}) * total)` : `(${y(c)} * (${g(c)} - total))`;
  return rowKernel(call, {
    label: log ? "logSoftmaxBackward" : "softmaxBackward",
    rows,
    columns,
    folds: [{ name: "total", start: "0.0", value: term, fold: plus }],
    element: (c) => call.outputs[0]!.store(["row", c], value(c)),
  });
}
