import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { lengthsOf, type SequenceShape } from "./sequenceForward.ts";
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

export interface BackwardShape extends SequenceShape {
  /** What the incoming gradient is of. */
  readonly of: "states" | "cells";
}

/**
 * The same walk back through time, in one launch. Inputs: g [T, N, H], x, h0, the weights of the
 * state [gates·H, H], c0 or a bias, lengths, saved [T, N, saved·H]. Outputs: d/dx [T, N, gates·H],
 * d/dh0 [N, H], and d/dc0 [N, H] or d/d(bias) [T, N, gates·H]. Each thread keeps the gradients of
 * its own units; those of the gates go to all through workgroup memory.
 */
export function sequenceBackward(call: KernelCall, shape: BackwardShape): KernelSource {
  const [g, , , weight] = call.inputs as [Operand, Operand, Operand, Operand];
  const sizes = g.shape as [number, number, number];
  const gates = weight.shape[0]! / sizes[2];
  const layout = layoutOf(call, shape.cell, sizes, gates);
  const { steps, blocks, rows, threads, turns, cell, grid } = layout;
  const float = lanesOf(layout).type("float32");
  const kept = range(rows).flatMap((r) => [`dh${r}`, ...(cell.hasCell ? [`dc${r}`] : [])]);
  return {
    label: `${shape.cell} backward ${sizes.join("x")}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `var<workgroup> slopes: array<${float}, ${rows * gates * blocks}>;`,
    body: `
${rowNumbers(layout)}
${lengthsOf(call, shape, layout, call.inputs.length - 2)}
${kept.map((name) => `var ${name}: array<${float}, ${turns}>;`).join("\n")}
for (var i = 0u; i < ${steps}u; i++) {
let t = ${shape.reverse ? "i" : `${steps - 1}u - i`};
${eachBlock(
  layout,
  range(rows)
    .map((r) => `{\n${slopeText(call, shape, layout, r)}\n}`)
    .join("\n"),
)}
workgroupBarrier(); // the gradients of all gates are there
${eachBlock(layout, products(weight, layout))}
workgroupBarrier(); // they have been read
}
${eachBlock(layout, endText(call, layout))}`,
  };
}

/** What one step's gates and its state before get, but for what comes through the weights. */
function slopeText(
  call: KernelCall,
  { masked, of }: BackwardShape,
  layout: SequenceLayout,
  r: number,
): string {
  const { blocks, cell } = layout;
  const saved = call.inputs.at(-1)!;
  const float = lanesOf(layout).type("float32");
  const at = (block: number) => ["t", `n${r}`, column(layout, block)];
  const incoming = blockOf(call.inputs[0]!, at(0), layout);
  const plus = (carried: string, own: boolean) => (own ? `${carried} + ${incoming}` : carried);
  const squash = squashOf(call, layout);
  const names = { dh: "dh", dc: "dc", saved: (b: number) => blockOf(saved, at(b), layout) };
  const made = cell.backward(names, squash);
  const keep = (x: string, otherwise: string) => (masked ? `select(${otherwise}, ${x}, runs)` : x);
  const zero = `${float}(0.0)`;
  const [first, , third] = call.outputs;
  const own = ownRow(layout, r);
  const stores = range(cell.gates).flatMap((b) => [
    storeBlock(first!, at(b), keep(`slope${b}`, zero), layout),
    cell.hasBias ? storeBlock(third!, at(b), `part${b}`, layout) : "",
  ]);
  return `
${masked ? `let runs = i32(t) < length${r};` : ""}
let dh = ${plus(`dh${r}[u]`, of === "states")};
${cell.hasCell ? `let dc = ${plus(`dc${r}[u]`, of === "cells")};` : ""}
${made.lines}
${made.parts.map((p, b) => `let part${b} = ${keep(p, zero)};`).join("\n")}
${made.parts.map((_, b) => `slopes[${(r * cell.gates + b) * blocks}u + j] = part${b};`).join("\n")}
dh${r}[u] = ${keep(made.direct || zero, "dh")};
${cell.hasCell ? `dc${r}[u] = ${keep(made.cell, "dc")};` : ""}
${own === null ? stores.join("\n") : `if (${own}) {\n${stores.join("\n")}\n}`}`;
}

/** Σ over the gates' units c of slope[c]·W[c, …]: neighbouring threads read neighbours. */
function products(weight: Operand, layout: SequenceLayout): string {
  const { width, blocks, rows, cell } = layout;
  const float = lanesOf(layout).type("float32");
  const count = cell.gates * blocks;
  const step = (c: string, z: (r: number) => string) =>
    [
      `{ let w = ${blockOf(weight, [c, column(layout, 0)], layout)};`,
      ...range(rows).map((r) => `sum${r} += ${z(r)} * w;`),
      "}",
    ].join("\n");
  const load = range(rows).map((r) => `let z${r} = slopes[${r * count}u + c];`);
  const steps =
    width === 1
      ? [step("c", (r) => `z${r}`)]
      : range(4).map((l) => step(`(4u * c + ${l}u)`, (r) => `z${r}[${l}]`));
  return `
${range(rows)
  .map((r) => `var sum${r} = ${float}(0.0);`)
  .join("\n")}
for (var c = 0u; c < ${count}u; c++) {
${load.join("\n")}
${steps.join("\n")}
}
${range(rows)
  .map((r) => `dh${r}[u] += sum${r};`)
  .join("\n")}`;
}

/** The gradients of the first states. */
function endText(call: KernelCall, layout: SequenceLayout): string {
  const [, second, third] = call.outputs;
  const each = range(layout.rows).map((r) => {
    const at = [`n${r}`, column(layout, 0)];
    const stores = [storeBlock(second!, at, `dh${r}[u]`, layout)];
    if (layout.cell.hasCell) stores.push(storeBlock(third!, at, `dc${r}[u]`, layout));
    const own = ownRow(layout, r);
    return own === null ? stores.join("\n") : `if (${own}) {\n${stores.join("\n")}\n}`;
  });
  return each.join("\n");
}
