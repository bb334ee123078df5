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

/**
 * All steps of a recurrent layer in one launch. Inputs: x [T, N, gates·H], the state's weights as
 * `turned` [H, gates·H], and where given h0, c0 [N, H] (else 0), bias [T, N, gates·H], lengths [N].
 * Outputs: states [T, N, H], what the cell saves [T, N, …·H], cells [T, N, H]. Workgroup memory
 * holds the state twice, before and after a step, so that one barrier parts it from the next.
 */
export function sequenceForward(call: KernelCall, shape: SequenceShape): KernelSource {
  const sizes = call.outputs[0]!.shape as [number, number, number];
  const layout = layoutOf(call, shape.cell, sizes, 2);
  const { steps, blocks, rows, threads, turns, cell, grid } = layout;
  const float = lanesOf(layout).type("float32");
  const cells = eachRow(layout, (r) => `var c${r}: array<${float}, ${turns}>;`);
  return {
    label: `${shape.cell} ${sizes.join("x")}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `var<workgroup> states: array<${float}, ${2 * rows * blocks}>;`,
    body: `
${rowNumbers(call, shape, layout)}
${cell.hasCell ? cells : ""}
${eachBlock(layout, startText(call, shape, layout))}
workgroupBarrier(); // the first states are there
var old = 0u;
for (var i = 0u; i < ${steps}u; i++) {
let t = ${shape.reverse ? `${steps - 1}u - i` : "i"};
let next = ${rows * blocks}u - old;
${eachBlock(layout, stepText(call, shape, layout))}
old = next;
workgroupBarrier(); // the states after this step are there, those before it have been read
}`,
  };
}

function startText(call: KernelCall, shape: SequenceShape, layout: SequenceLayout): string {
  const [h0, c0] = [inputOf(call, shape, "h0"), inputOf(call, shape, "c0")];
  const zero = `${lanesOf(layout).type("float32")}(0.0)`;
  return eachRow(layout, (r) => {
    const at = [`n${r}`, column(layout)];
    const state = h0 ? blockOf(h0, at, layout) : zero;
    const cell = c0 ? `c${r}[u] = ${blockOf(c0, at, layout)};` : "";
    return `states[${r * layout.blocks}u + j] = ${state};\n${cell}`;
  });
}

/** The gates of a block of units for all rows, then the cell of each row. */
function stepText(call: KernelCall, shape: SequenceShape, layout: SequenceLayout): string {
  const { blocks, cell } = layout;
  const zero = `${lanesOf(layout).type("float32")}(0.0)`;
  const sums = (r: number) => range(cell.gates).map((gate) => `a${gate}_${r}`);
  return `
${eachRow(layout, (r) =>
  sums(r)
    .map((name) => `var ${name} = ${zero};`)
    .join("\n"),
)}
${addProducts(
  inputOf(call, shape, "turned")!,
  layout,
  blocks,
  (r) => `states[old + ${r * blocks}u + k]`,
  sums,
)}
${eachRow(layout, (r) => `{\n${cellText(call, shape, layout, r)}\n}`)}`;
}

function cellText(
  call: KernelCall,
  shape: SequenceShape,
  layout: SequenceLayout,
  r: number,
): string {
  const { blocks, cell } = layout;
  const [x, bias] = [inputOf(call, shape, "x")!, inputOf(call, shape, "bias")];
  const [states, saved, cells] = call.outputs;
  const at = (part: number) => ["t", `n${r}`, column(layout, part)];
  const sum = (gate: number) => `a${gate}_${r}`;
  const names = {
    x: (gate: number) => blockOf(x, at(gate), layout),
    part: (gate: number) =>
      bias ? `(${blockOf(bias, at(gate), layout)} + ${sum(gate)})` : sum(gate),
    h: "before",
    c: `c${r}[u]`,
  };
  const made = cell.forward(names, squashOf(call, layout));
  const keep = (fresh: string, before: string) =>
    shape.inputs.includes("lengths") ? `select(${before}, ${fresh}, i32(t) < length${r})` : fresh;
  const stores = [
    storeBlock(states!, at(0), "after", layout),
    ...made.saved.map((value, part) => storeBlock(saved!, at(part), value, layout)),
    cell.hasCell ? storeBlock(cells!, at(0), "held", layout) : "",
  ];
  return `
let before = states[old + ${r * blocks}u + j];
${made.lines}
let after = ${keep("fresh", "before")};
${cell.hasCell ? `let held = ${keep("cell", `c${r}[u]`)};` : ""}
states[next + ${r * blocks}u + j] = after;
${unlessRepeated(layout, r, stores)}
${cell.hasCell ? `c${r}[u] = held;` : ""}`;
}
