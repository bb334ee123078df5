import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
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
import { backwardProducts } from "./sequenceProducts.ts";
import { backwardShare } from "./sequenceShares.ts";

export interface BackwardShape extends SequenceShape {
  /** What the incoming gradient is of. */
  readonly of: "states" | "cells";
}

/**
 * The same walk back through time, in one launch. Inputs: g [T, N, H], the state's weights
 * [gates·H, H], where given lengths [N], and what was saved [T, N, …·H]. Outputs: d/dx
 * [T, N, gates·H], d/dh0 [N, H], and d/dc0 [N, H] of an lstm, or of a gru d/d(the state's part of
 * the gates) [T, N, gates·H]. Each thread keeps the gradients of the states of its own items; those
 * of the gates go to all threads through workgroup memory, and come back as parts of sums.
 */
export function sequenceBackward(call: KernelCall, shape: BackwardShape): KernelSource {
  const weight = inputOf(call, shape, "weight")!;
  const sizes = sizesOf(inputOf(call, shape, "g")!, shape.batchFirst);
  const { steps, batch, units } = sizes;
  const gates = weight.shape[0]! / units;
  const wide = units % 4 === 0 && weight.vec4(1);
  const problem = { ...sizes, kernel: "sequenceBackward", name: shape.cell, gates, wide } as const;
  const share = backwardShare(problem, call.target);
  const grid = gridFor(Math.ceil(batch / share.rows), call.target);
  const layout = layoutOf(shape.cell, sizes, share, grid);
  const products = backwardProducts(weight, layout, wide);
  const before = keptNames(shape, layout).map((name) => `${kept(name, layout)} = 0.0;`);
  const empty = range(share.splits).map((s) => `slopes[own + ${s * units}u] = 0.0;`);
  return {
    label: `${shape.cell} backward ${steps}x${batch}x${units}`,
    workgroupSize: [share.threads, 1, 1],
    workgroups: grid,
    flops: 2 * steps * batch * gates * units * units,
    globals: share.shared ? memoryOf(shape, layout) : slopesOf(layout),
    body: `
${firstRow(layout)}
${share.shared ? "" : privateOf(shape, layout)}
${products.before}
${items(layout, [...before, ...empty].join("\n"))}
for (var i = 0u; i < ${steps}u; i++) {
${stepNumber(!shape.reverse, layout)}
${items(layout, slopeText(call, shape, layout))}
workgroupBarrier(); // the gradients of all gates are there
${products.step}
workgroupBarrier(); // the parts of all sums are there
}
${items(layout, endText(call, shape, layout))}`,
  };
}

/** What an item keeps from step to step, beside what comes through the weights. */
function keptNames({ cell, inputs }: BackwardShape, layout: SequenceLayout): string[] {
  const direct = cell === "gru" || inputs.includes("lengths");
  return [...(direct ? ["direct"] : []), ...(layout.cell.hasCell ? ["dc"] : [])];
}

const kept = (name: string, { share }: SequenceLayout): string =>
  `${name}[${share.shared ? "place" : "item"}]`;

const itemsOf = ({ share, units }: SequenceLayout): number =>
  Math.ceil((share.rows * units) / share.threads);

const slopesOf = ({ share, cell, units }: SequenceLayout): string =>
  `var<workgroup> slopes: array<f32, ${share.rows * cell.gates * units}>;`;

function memoryOf(shape: BackwardShape, layout: SequenceLayout): string {
  const count = layout.share.rows * layout.units;
  const names = keptNames(shape, layout);
  const arrays = names.map((name) => `var<workgroup> ${name}: array<f32, ${count}>;`);
  return [slopesOf(layout), ...arrays].join("\n");
}

const privateOf = (shape: BackwardShape, layout: SequenceLayout): string =>
  keptNames(shape, layout)
    .map((name) => `var ${name}: array<f32, ${itemsOf(layout)}>;`)
    .join("\n");

/** d(loss) / d(state) of an item after a step, but for what comes from outside. */
function sumOf(shape: BackwardShape, layout: SequenceLayout): string {
  const parts = range(layout.share.splits).map((s) => `slopes[own + ${s * layout.units}u]`);
  const direct = keptNames(shape, layout).includes("direct") ? [kept("direct", layout)] : [];
  return [...direct, ...parts].join(" + ");
}

/**
 * Statements for row `r` and unit `j`, the thread's `item`: in a loop, to be a short text. Its
 * slopes stand H apart from `own` on, where the parts of its sum are left: no other item's.
 */
function items(layout: SequenceLayout, body: string): string {
  const { share, cell, units } = layout;
  const { threads } = share;
  const size = share.rows * units;
  const own = `let own = r * ${cell.gates * units}u + j;`;
  const text = `let r = place / ${units}u;\nlet j = place % ${units}u;\n${rowNumber(layout)}\n${own}\n${body}`;
  const inside = size % threads === 0 ? null : `place < ${size}u`;
  const place = `let place = lid.x + item * ${threads}u;`;
  return repeat("item", itemsOf(layout), `${place}\n${guarded(inside, text)}`);
}

/** What one step's gates get, and its state before but for what comes through the weights. */
function slopeText(call: KernelCall, shape: BackwardShape, layout: SequenceLayout): string {
  const { cell, units } = layout;
  const lengths = inputOf(call, shape, "lengths");
  const saved = inputOf(call, shape, "saved")!;
  const at = placeOf(shape, layout);
  const incoming = inputOf(call, shape, "g")!.at(at());
  const plus = (of: string, sum: string) => (shape.of === of ? `${sum} + ${incoming}` : sum);
  const names = { dh: "dh", dc: "dcell_after", saved: (b: number) => saved.at(at(b)) };
  const made = cell.backward(names, squashOf(call));
  const keep = (x: string, otherwise: string) =>
    lengths ? `select(${otherwise}, ${x}, i32(t) < ${lengths.at(["n"])})` : x;
  const [dx, , third] = call.outputs;
  const stores = range(cell.gates).flatMap((gate) => [
    storeTo(dx!, at(gate), keep(`slope${gate}`, "0.0")),
    shape.cell === "gru" ? storeTo(third!, at(gate), `part${gate}`) : "",
  ]);
  const direct = keptNames(shape, layout).includes("direct");
  return `
let dh = ${plus("states", sumOf(shape, layout))};
${cell.hasCell ? `let dcell_after = ${plus("cells", kept("dc", layout))};` : ""}
${made.lines}
${made.parts.map((part, gate) => `let part${gate} = ${keep(part, "0.0")};`).join("\n")}
${made.parts.map((_, gate) => `slopes[own + ${gate * units}u] = part${gate};`).join("\n")}
${direct ? `${kept("direct", layout)} = ${keep(made.direct ?? "0.0", "dh")};` : ""}
${cell.hasCell ? `${kept("dc", layout)} = ${keep(made.cell, "dcell_after")};` : ""}
${unlessRepeated(layout, stores)}`;
}

/** The gradients of the first states. */
function endText(call: KernelCall, shape: BackwardShape, layout: SequenceLayout): string {
  const [, dh0, third] = call.outputs;
  return unlessRepeated(layout, [
    storeTo(dh0!, ["n", "j"], sumOf(shape, layout)),
    layout.cell.hasCell ? storeTo(third!, ["n", "j"], kept("dc", layout)) : "",
  ]);
}
