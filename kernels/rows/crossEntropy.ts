import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { helpersOf, rowKernel } from "./rowwise.ts";

/** The most rows that one workgroup takes, a thread each, and the longest rows it takes so. */
export const WORKGROUP_ROWS = 256;
export const WORKGROUP_COLUMNS = 512;

export const labelOutside = (classes: number): string =>
  `crossEntropy: label outside 0..${classes - 1}. Keep every label at least 0 and below ${classes}, ` +
  "or pass ignoreIndex for rows to leave out: { ignoreIndex: -100 }.";

/** WGSL that reads the row's label; one outside the classes is reported and moved inside. */
function readLabel(call: KernelCall, classes: number): string {
  const label = (call.inputs[1] as Operand).at(["row"]);
  if (call.attrs.trusted === true) return `let label = u32(${label});`;
  return `let given = ${label};
if (given < 0 || given >= ${classes}) { ${call.report(labelOutside(classes))} }
let label = u32(clamp(given, 0, ${classes - 1}));`;
}

function texts(call: KernelCall) {
  const { exp, log, max } = helpersOf(call);
  const x = (c: string) => (call.inputs[0] as Operand).at(["row", c]);
  const lift = (c: string) => `${exp}(${x(c)} - top)`;
  return {
    x,
    lift,
    max: (a: string, b: string) => `${max}(${a}, ${b})`,
    loss: `(${log}(total) - (${x("label")} - top))`,
    slope: (c: string) => `(${lift(c)} / total - select(0.0, 1.0, ${c} == label))`,
  };
}

/**
 * Per row r of logits [rows, classes]: output 0 [rows] = weight · (ln Σ e^x - x[label]), output 1
 * [rows, classes] = weight · (softmax(x) - onehot(label)). Whichever is wanted is stored.
 */
export function crossEntropyRows(call: KernelCall, weight: number): KernelSource {
  const [losses, slopes] = call.outputs as [KernelCall["outputs"][0], KernelCall["outputs"][0]];
  const [rows, columns] = call.inputs[0]!.shape as [number, number];
  const { x, lift, max, loss, slope } = texts(call);
  const scaled = (value: string) => (weight === 1 ? value : `(${value} * f32(${weight}))`);
  return rowKernel(call, {
    label: "crossEntropyRows",
    rows,
    columns,
    before: readLabel(call, columns),
    folds: [
      { name: "top", start: x("0u"), value: x, fold: max },
      { name: "total", start: "0.0", value: lift, fold: (a, b) => `${a} + ${b}` },
    ],
    once: losses.wanted ? losses.store(["row"], scaled(loss)) : "",
    element: (c) => (slopes.wanted ? slopes.store(["row", c], scaled(slope(c))) : ""),
  });
}

/**
 * The same for few rows in one workgroup, a thread each, so that loss and gradient come from one
 * launch: output 0 [] = weight · Σ rows, output 1 = weight · (softmax(x) - onehot(label)).
 */
export function crossEntropyTotal(call: KernelCall, weight: number): KernelSource {
  const [total, slopes] = call.outputs as [KernelCall["outputs"][0], KernelCall["outputs"][0]];
  const [rows, columns] = call.inputs[0]!.shape as [number, number];
  let threads = 32;
  while (threads < rows) threads *= 2;
  const { x, lift, max, loss, slope } = texts(call);
  const factor = `f32(${weight})`;
  const storeSlope = () => slopes.store(["row", "c"], `(${slope("c")} * ${factor})`);
  return {
    label: `crossEntropy ${rows}x${columns}`,
    workgroupSize: [threads, 1, 1],
    workgroups: [1, 1, 1],
    globals: `var<workgroup> row_losses: array<f32, ${threads}>;`,
    body: `
let row = lid.x;
var row_loss = 0.0;
if (row < ${rows}u) {
  ${readLabel(call, columns)}
  var top = ${x("0u")};
  for (var c = 1u; c < ${columns}u; c++) { top = ${max("top", x("c"))}; }
  var total = 0.0;
  for (var c = 0u; c < ${columns}u; c++) { total += ${lift("c")}; }
  row_loss = ${loss};
  ${slopes.wanted ? `for (var c = 0u; c < ${columns}u; c++) { ${storeSlope()} }` : ""}
}
${total.wanted ? sumOfRows(threads, total.store([], `(row_losses[0] * ${factor})`)) : ""}`,
  };
}

/** All threads add their rows' losses as a tree; the first one stores the sum. */
const sumOfRows = (threads: number, store: string): string => `
row_losses[lid.x] = row_loss;
workgroupBarrier(); // all rows are there; threads past the last row give 0
for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
  if (lid.x < half) { row_losses[lid.x] += row_losses[lid.x + half]; }
  workgroupBarrier(); // this level of the tree is done
}
if (lid.x == 0u) { ${store} }`;
