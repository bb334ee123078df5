import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import type { CellName } from "./cellTexts.ts";
import {
  blockOf,
  column,
  eachBlock,
  lanesOf,
  layoutOf,
  ownRow,
  range,
  rowNumbers,
  type SequenceLayout,
  squashOf,
  storeBlock,
} from "./sequenceLayout.ts";

/** What a walk over a sequence needs to know beside its tensors. */
export interface SequenceShape {
  readonly cell: CellName;
  readonly reverse: boolean;
  /** The last input (but for what was saved) is the length of each example. */
  readonly masked: boolean;
}

/**
 * All steps of a recurrent layer in one launch. Inputs: x [T, N, gates·H], h0 [N, H], the weights
 * of the state [H, gates·H], then c0 [N, H] or a bias [T, N, gates·H], then lengths [N]. Outputs:
 * states [T, N, H], saved [T, N, saved·H], cells [T, N, H]. The state is in workgroup memory
 * twice, before and after the step: one barrier parts a step from the next.
 */
export function sequenceForward(call: KernelCall, shape: SequenceShape): KernelSource {
  const [x, h0] = call.inputs as [Operand, Operand];
  const sizes = [x.shape[0]!, x.shape[1]!, h0.shape[1]!] as const;
  const layout = layoutOf(call, shape.cell, sizes, 2);
  const { steps, blocks, rows, threads, turns, cell, grid } = layout;
  const float = lanesOf(layout).type("float32");
  const extra = call.inputs[3];
  const block = column(layout, 0);
  const start = range(rows).map((r) =>
    [
      `states[${r * blocks}u + j] = ${blockOf(h0, [`n${r}`, block], layout)};`,
      cell.hasCell ? `c${r}[u] = ${blockOf(extra!, [`n${r}`, block], layout)};` : "",
    ].join("\n"),
  );
  return {
    label: `${shape.cell} ${sizes.join("x")}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `var<workgroup> states: array<${float}, ${2 * rows * blocks}>;`,
    body: `
${rowNumbers(layout)}
${lengthsOf(call, shape, layout)}
${
  cell.hasCell
    ? range(rows)
        .map((r) => `var c${r}: array<${float}, ${turns}>;`)
        .join("\n")
    : ""
}
${eachBlock(layout, start.join("\n"))}
workgroupBarrier(); // the first states are there
var old = 0u;
for (var i = 0u; i < ${steps}u; i++) {
let t = ${shape.reverse ? `${steps - 1}u - i` : "i"};
let next = ${rows * blocks}u - old;
${eachBlock(layout, stepText(call, shape, layout))}
old = next;
workgroupBarrier(); // the states after this step are there, those before have been read
}`,
  };
}

/** WGSL that names the length of each row. */
export function lengthsOf(
  call: KernelCall,
  { masked }: SequenceShape,
  layout: SequenceLayout,
  input = call.inputs.length - 1,
): string {
  if (!masked) return "";
  const lengths = call.inputs[input]!;
  return range(layout.rows)
    .map((r) => `let length${r} = ${lengths.at([`n${r}`])};`)
    .join("\n");
}

/** The gates of a block of units for all rows, then the cell of each row. */
function stepText(call: KernelCall, shape: SequenceShape, layout: SequenceLayout): string {
  const { rows, cell } = layout;
  const float = lanesOf(layout).type("float32");
  const sums = range(rows).flatMap((r) =>
    range(cell.gates).map((g) => `var a${g}_${r} = ${float}(0.0);`),
  );
  return [
    ...sums,
    products(call.inputs[2]!, layout),
    ...range(rows).map((r) => `{\n${cellText(call, shape, layout, r)}\n}`),
  ].join("\n");
}

/** Σ over the state's units k of h[k]·W[k, …]: neighbouring threads read neighbouring weights. */
function products(weight: Operand, layout: SequenceLayout): string {
  const { units, width, blocks, rows, cell } = layout;
  const step = (k: string, h: (r: number) => string): string =>
    range(cell.gates)
      .flatMap((g) => [
        `{ let w = ${blockOf(weight, [k, column(layout, g)], layout)};`,
        ...range(rows).map((r) => `a${g}_${r} += ${h(r)} * w;`),
        "}",
      ])
      .join("\n");
  const load = (at: string) =>
    range(rows).map((r) => `let h${r} = states[old + ${r * blocks}u + ${at}];`);
  if (width === 1) {
    return `for (var k = 0u; k < ${units}u; k++) {
${load("k").join("\n")}
${step("k", (r) => `h${r}`)}
}`;
  }
  const lanes = range(4).map((l) => step(`(4u * k + ${l}u)`, (r) => `h${r}[${l}]`));
  return `for (var k = 0u; k < ${blocks}u; k++) {
${load("k").join("\n")}
${lanes.join("\n")}
}`;
}

function cellText(
  call: KernelCall,
  { masked }: SequenceShape,
  layout: SequenceLayout,
  r: number,
): string {
  const { blocks, cell } = layout;
  const [x, , , extra] = call.inputs as [Operand, Operand, Operand, Operand];
  const [states, saved, cells] = call.outputs;
  const at = (gate: number) => ["t", `n${r}`, column(layout, gate)];
  const names = {
    x: (gate: number) => blockOf(x, at(gate), layout),
    bias: (gate: number) => blockOf(extra, at(gate), layout),
    part: (gate: number) => `a${gate}_${r}`,
    h: "before",
    c: `c${r}[u]`,
  };
  const made = cell.forward(names, squashOf(call, layout));
  const keep = (fresh: string, before: string) =>
    masked ? `select(${before}, ${fresh}, i32(t) < length${r})` : fresh;
  const own = ownRow(layout, r);
  const stores = [
    storeBlock(states!, at(0), "after", layout),
    ...made.saved.map((value, b) => storeBlock(saved!, at(b), value, layout)),
  ];
  const after = cell.hasCell ? `let held = ${keep("cell", `c${r}[u]`)};` : "";
  if (cell.hasCell) stores.push(storeBlock(cells!, at(0), "held", layout));
  return `
let before = states[old + ${r * blocks}u + j];
${made.lines}
let after = ${keep("fresh", "before")};
${after}
states[next + ${r * blocks}u + j] = after;
${own === null ? stores.join("\n") : `if (${own}) {\n${stores.join("\n")}\n}`}
${cell.hasCell ? `c${r}[u] = held;` : ""}`;
}
