import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import {
  addProducts,
  blockOf,
  column,
  eachBlock,
  eachRow,
  inputOf,
  lanesOf,
  layoutOf,
  range,
  rowNumbers,
  type SequenceLayout,
  type SequenceShape,
  squashOf,
  storeBlock,
  unlessRepeated,
} from "./sequenceLayout.ts";

export interface BackwardShape extends SequenceShape {
  /** What the incoming gradient is of. */
  readonly of: "states" | "cells";
}

/**
 * The same walk back through time, in one launch. Inputs: g [T, N, H], the state's weights
 * [gates·H, H], where given lengths [N], and what was saved [T, N, …·H]. Outputs: d/dx
 * [T, N, gates·H], d/dh0 [N, H], and d/dc0 [N, H] of an lstm, or of a gru d/d(the state's part of
 * the gates) [T, N, gates·H]. Each thread keeps the gradients of its own units; those of the gates
 * go to all threads through workgroup memory.
 */
export function sequenceBackward(call: KernelCall, shape: BackwardShape): KernelSource {
  const weight = inputOf(call, shape, "weight")!;
  const sizes = inputOf(call, shape, "g")!.shape as [number, number, number];
  const gates = weight.shape[0]! / sizes[2];
  const layout = layoutOf(call, shape.cell, sizes, gates);
  const { steps, blocks, rows, threads, turns, cell, grid } = layout;
  const float = lanesOf(layout).type("float32");
  const count = gates * blocks;
  const kept = (r: number) => (cell.hasCell ? [`dh${r}`, `dc${r}`] : [`dh${r}`]);
  const declare = (name: string) => `var ${name}: array<${float}, ${turns}>;`;
  const vector = (r: number) => `slopes[${r * count}u + k]`;
  return {
    label: `${shape.cell} backward ${sizes.join("x")}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `var<workgroup> slopes: array<${float}, ${rows * count}>;`,
    body: `
${rowNumbers(call, shape, layout)}
${eachRow(layout, (r) => kept(r).map(declare).join("\n"))}
for (var i = 0u; i < ${steps}u; i++) {
let t = ${shape.reverse ? "i" : `${steps - 1}u - i`};
${eachBlock(
  layout,
  eachRow(layout, (r) => `{\n${slopeText(call, shape, layout, r)}\n}`),
)}
workgroupBarrier(); // the gradients of all gates are there
${eachBlock(
  layout,
  `${eachRow(layout, (r) => `var sum${r} = dh${r}[u];`)}
${addProducts(weight, layout, count, vector, (r) => [`sum${r}`])}
${eachRow(layout, (r) => `dh${r}[u] = sum${r};`)}`,
)}
workgroupBarrier(); // they have been read
}
${eachBlock(layout, endText(call, layout))}`,
  };
}

/** What one step's gates get, and its state before but for what comes through the weights. */
function slopeText(
  call: KernelCall,
  shape: BackwardShape,
  layout: SequenceLayout,
  r: number,
): string {
  const { blocks, cell } = layout;
  const masked = shape.inputs.includes("lengths");
  const saved = inputOf(call, shape, "saved")!;
  const at = (part: number) => ["t", `n${r}`, column(layout, part)];
  const incoming = blockOf(inputOf(call, shape, "g")!, at(0), layout);
  const plus = (of: string, name: string) =>
    `let ${name} = ${name}${r}[u]${shape.of === of ? ` + ${incoming}` : ""};`;
  const names = { dh: "dh", dc: "dc", saved: (b: number) => blockOf(saved, at(b), layout) };
  const made = cell.backward(names, squashOf(call, layout));
  const zero = `${lanesOf(layout).type("float32")}(0.0)`;
  const keep = (x: string, otherwise: string) =>
    masked ? `select(${otherwise}, ${x}, i32(t) < length${r})` : x;
  const [dx, , third] = call.outputs;
  const stores = range(cell.gates).flatMap((gate) => [
    storeBlock(dx!, at(gate), keep(`slope${gate}`, zero), layout),
    shape.cell === "gru" ? storeBlock(third!, at(gate), `part${gate}`, layout) : "",
  ]);
  return `
${plus("states", "dh")}
${cell.hasCell ? plus("cells", "dc") : ""}
${made.lines}
${made.parts.map((part, gate) => `let part${gate} = ${keep(part, zero)};`).join("\n")}
${made.parts.map((_, gate) => `slopes[${(r * cell.gates + gate) * blocks}u + j] = part${gate};`).join("\n")}
dh${r}[u] = ${keep(made.direct ?? zero, "dh")};
${cell.hasCell ? `dc${r}[u] = ${keep(made.cell, "dc")};` : ""}
${unlessRepeated(layout, r, stores)}`;
}

/** The gradients of the first states. */
function endText(call: KernelCall, layout: SequenceLayout): string {
  const [, dh0, third] = call.outputs;
  return eachRow(layout, (r) => {
    const at = [`n${r}`, column(layout)];
    return unlessRepeated(layout, r, [
      storeBlock(dh0!, at, `dh${r}[u]`, layout),
      layout.cell.hasCell ? storeBlock(third!, at, `dc${r}[u]`, layout) : "",
    ]);
  });
}
