import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { gridFor } from "../kernel.ts";
import {
  firstRow,
  guarded,
  inputOf,
  layoutOf,
  placeOf,
  repeat,
  rowNumber,
  type SequenceLayout,
  type SequenceShape,
  sizesOf,
  squashOf,
  stepNumber,
  storeTo,
  unlessRepeated,
} from "./sequenceLayout.ts";
import { forwardProducts, sumType } from "./sequenceProducts.ts";
import { forwardShare } from "./sequenceShares.ts";

/**
 * All steps of a recurrent layer in one launch. Inputs: x [T, N, gates·H], the state's weights
 * [gates·H, H], and where given h0, c0 [N, H] (else 0), bias [T, N, gates·H], lengths [N].
 * Outputs: states [T, N, H], what the cell saves [T, N, …·H], cells [T, N, H]. Sequences are
 * [N, T, …] where `batchFirst`. Workgroup memory holds the state twice, before and after a step, so
 * that one barrier parts it from the next.
 */
export function sequenceForward(call: KernelCall, shape: SequenceShape): KernelSource {
  const weight = inputOf(call, shape, "weight")!;
  const sizes = sizesOf(call.outputs[0]!, shape.batchFirst);
  const { steps, batch, units } = sizes;
  const gates = weight.shape[0]! / units;
  const wide = units % 4 === 0 && weight.vec4(1);
  const problem = { ...sizes, kernel: "sequence", name: shape.cell, gates, wide } as const;
  const share = forwardShare(problem, call.target);
  const grid = gridFor(Math.ceil(batch / share.rows), call.target);
  const layout = layoutOf(shape.cell, sizes, share, grid);
  const products = forwardProducts(weight, layout, wide);
  return {
    label: `${shape.cell} ${steps}x${batch}x${units}`,
    workgroupSize: [share.threads, 1, 1],
    workgroups: grid,
    flops: 2 * steps * batch * gates * units * units,
    globals: memoryOf(layout),
    body: `
${firstRow(layout)}
${share.shared ? "" : privateOf(layout)}
${repeat("turn", layout.turns, items(layout, startText(call, shape, layout)))}
${products.before}
workgroupBarrier(); // the first states are there
var old = 0u;
for (var i = 0u; i < ${steps}u; i++) {
${stepNumber(shape.reverse, layout)}
let next = ${share.rows * units}u - old;
${repeat("turn", layout.turns, turnText(call, shape, layout, products.turn))}
old = next;
workgroupBarrier(); // the states after this step are there, those before it have been read
}`,
  };
}

/** Values of a row and unit that one thread finishes at every step, in one turn. */
const itemsOf = ({ share }: SequenceLayout): number =>
  share.splits === 1 ? share.rows * share.width : Math.ceil(share.rows / share.splits);

/** The states before and after a step; the sums of a step, and the cells, where there is room. */
function memoryOf(layout: SequenceLayout): string {
  const { cell, share, units } = layout;
  const { rows, width, threads, splits, shared } = share;
  const numbers = (name: string, count: number, type = "f32") =>
    `var<workgroup> ${name}: array<${type}, ${count}>;`;
  const sums = splits > 1 || shared;
  return [
    numbers("states", 2 * rows * units),
    sums ? numbers("parts", rows * width * threads, sumType(cell.gates)) : "",
    shared && cell.hasCell ? numbers("kept", rows * units) : "",
  ].join("\n");
}

function privateOf(layout: SequenceLayout): string {
  const { cell, share, turns } = layout;
  const kept = `var kept: array<f32, ${turns * itemsOf(layout)}>;`;
  const sums = `var sums: array<${sumType(cell.gates)}, ${itemsOf(layout)}>;`;
  return `${cell.hasCell ? kept : ""}\n${share.splits === 1 ? sums : ""}`;
}

/** The cell of an item. */
const keptOf = ({ share, units }: SequenceLayout): string =>
  share.shared ? `kept[r * ${units}u + j]` : "kept[at]";

/** Statements for row `r` and unit `j`, which are its `at`th of all turns: in a loop, to be a short text. */
function items(layout: SequenceLayout, body: string): string {
  const { share, blocks, lanes, units } = layout;
  const { rows, width, splits, threads } = share;
  const count = itemsOf(layout);
  const at = `let at = turn * ${count}u + item;`;
  if (splits === 1) {
    const unit = `let j = turn * ${lanes}u + lid.x + item % ${width}u * ${blocks}u;`;
    const text = `let r = item / ${width}u;\n${unit}\n${at}\n${rowNumber(layout)}\n${body}`;
    const inside = blocks % lanes === 0 ? null : `turn * ${lanes}u + lid.x < ${blocks}u`;
    return guarded(inside, repeat("item", count, text));
  }
  const whole = (rows * lanes) % threads === 0 && units % lanes === 0;
  return repeat(
    "item",
    count,
    `let place = lid.x + item * ${threads}u;
let r = place / ${lanes}u;
let j = turn * ${lanes}u + place % ${lanes}u;
${at}
${rowNumber(layout)}
${guarded(whole ? null : `r < ${rows}u && j < ${units}u`, body)}`,
  );
}

function startText(call: KernelCall, shape: SequenceShape, layout: SequenceLayout): string {
  const [h0, c0] = [inputOf(call, shape, "h0"), inputOf(call, shape, "c0")];
  const value = (x: Operand | undefined) => (x ? x.at(["n", "j"]) : "0.0");
  const cell = layout.cell.hasCell ? `${keptOf(layout)} = ${value(c0)};` : "";
  return `states[r * ${layout.units}u + j] = ${value(h0)};\n${cell}`;
}

/** The gates of some units for all rows, then the cells. */
function turnText(
  call: KernelCall,
  shape: SequenceShape,
  layout: SequenceLayout,
  products: string,
): string {
  const { cell, share, lanes, turns } = layout;
  const { splits, threads, shared } = share;
  const own = shared ? `parts[item * ${threads}u + lid.x]` : "sums[item]";
  const part = (s: number) => `parts[r * ${threads}u + place % ${lanes}u * ${splits}u + ${s}u]`;
  const sum = splits === 1 ? own : range(splits).map(part).join(" + ");
  const gate = (g: number) => (cell.gates === 1 ? "sum" : `sum[${g}]`);
  return `
${products}
${splits === 1 ? "" : "workgroupBarrier(); // the parts of all sums are there"}
${items(layout, `let sum = ${sum};\n${cellText(call, shape, layout, gate)}`)}
${splits === 1 || turns === 1 ? "" : "workgroupBarrier(); // they have been read"}`;
}

function cellText(
  call: KernelCall,
  shape: SequenceShape,
  layout: SequenceLayout,
  sum: (gate: number) => string,
): string {
  const { cell, units } = layout;
  const [x, bias] = [inputOf(call, shape, "x")!, inputOf(call, shape, "bias")];
  const lengths = inputOf(call, shape, "lengths");
  const [states, saved, cells] = call.outputs;
  const at = placeOf(shape, layout);
  const kept = keptOf(layout);
  const names = {
    x: (gate: number) => x.at(at(gate)),
    part: (gate: number) => (bias ? `(${bias.at(at(gate))} + ${sum(gate)})` : sum(gate)),
    h: "before",
    c: kept,
  };
  const made = cell.forward(names, squashOf(call));
  const keep = (fresh: string, before: string) =>
    lengths ? `select(${before}, ${fresh}, i32(t) < ${lengths.at(["n"])})` : fresh;
  const stores = [
    storeTo(states!, at(), "after"),
    ...made.saved.map((value, part) => storeTo(saved!, at(part), value)),
    cell.hasCell ? storeTo(cells!, at(), "held") : "",
  ];
  return `
let before = states[old + r * ${units}u + j];
${made.lines}
let after = ${keep("fresh", "before")};
${cell.hasCell ? `let held = ${keep("cell", kept)};` : ""}
states[next + r * ${units}u + j] = after;
${unlessRepeated(layout, stores)}
${cell.hasCell ? `${kept} = held;` : ""}`;
}
