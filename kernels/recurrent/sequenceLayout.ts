import type { KernelCall, Lanes, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import {
  fourLanes,
  infHelper,
  isNanHelper,
  oneLane,
  reluHelper,
  sigmoidHelper,
  tanhHelper,
} from "../math/floatHelpers.ts";
import { type CellName, type CellText, cellTexts, type Squash } from "./cellTexts.ts";

/** What a walk over a sequence needs to know beside its tensors. */
export interface SequenceShape {
  readonly cell: CellName;
  readonly reverse: boolean;
  /** The names of the inputs, in order. */
  readonly inputs: readonly string[];
}

/**
 * How a recurrent sequence is shared out. The rows of a batch do not need each other, so a
 * workgroup takes some of them through all steps. A thread takes blocks of `width` units with all
 * their gates, and every weight that it reads serves all its rows.
 */
export interface SequenceLayout {
  readonly cell: CellText;
  readonly steps: number;
  readonly batch: number;
  /** H */
  readonly units: number;
  readonly width: 1 | 4;
  /** Blocks of units: H / width. */
  readonly blocks: number;
  /** Rows of the batch for each workgroup. */
  readonly rows: number;
  readonly threads: number;
  /** Blocks that a thread takes, one after the other. */
  readonly turns: number;
  readonly grid: [number, number, number];
}

export const lanesOf = ({ width }: SequenceLayout): Lanes => (width === 4 ? fourLanes : oneLane);

/** @param perUnit numbers in workgroup memory for each unit of a row */
export function layoutOf(
  { target }: KernelCall,
  name: CellName,
  [steps, batch, units]: readonly [number, number, number],
  perUnit: number,
): SequenceLayout {
  const width = target.software && units % 4 === 0 ? 4 : 1;
  const blocks = units / width;
  const room = Math.floor(target.maxWorkgroupBytes / (4 * perUnit * units));
  // A software adapter has few cores; a GPU has hundreds, and each wants a workgroup first.
  const wanted = Math.floor(batch / (target.software ? 4 : 128));
  const rows = Math.max(1, Math.min(4, wanted, room));
  const most = Math.min(target.software ? 64 : 256, target.maxInvocations);
  const threads = Math.min(most, target.software ? blocks : Math.ceil(blocks / 32) * 32);
  const turns = Math.ceil(blocks / threads);
  const grid = gridFor(Math.ceil(batch / rows), target);
  const cell = cellTexts(name);
  return { cell, steps, batch, units, width, blocks, rows, threads, turns, grid };
}

/** The input of that name, if there is one. */
export const inputOf = (call: KernelCall, shape: SequenceShape, name: string) =>
  call.inputs[shape.inputs.indexOf(name)] as Operand | undefined;

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** WGSL for each row. */
export const eachRow = ({ rows }: SequenceLayout, text: (r: number) => string): string =>
  range(rows).map(text).join("\n");

/** The rows of the batch that a workgroup takes, and their lengths; past the end one repeats. */
export function rowNumbers(call: KernelCall, shape: SequenceShape, layout: SequenceLayout): string {
  const { rows, batch, grid } = layout;
  const lengths = inputOf(call, shape, "lengths");
  return eachRow(layout, (r) => {
    const row = `let n${r} = min(${linearWorkgroup(grid)} * ${rows}u + ${r}u, ${batch - 1}u);`;
    return lengths ? `${row}\nlet length${r} = ${lengths.at([`n${r}`])};` : row;
  });
}

/** Statements for row r unless it is a repetition. */
export function unlessRepeated(layout: SequenceLayout, r: number, text: readonly string[]): string {
  const { rows, batch, grid } = layout;
  const body = text.join("\n");
  if (batch % rows === 0 && grid[1] === 1) return body;
  return `if (${linearWorkgroup(grid)} * ${rows}u + ${r}u < ${batch}u) {\n${body}\n}`;
}

/** Statements for the blocks of units of this thread; `j` counts blocks, `u` turns. */
export function eachBlock({ turns, threads, blocks }: SequenceLayout, body: string): string {
  const guarded = turns * threads === blocks ? body : `if (j < ${blocks}u) {\n${body}\n}`;
  if (turns === 1) return `{\nconst u = 0u;\nlet j = lid.x;\n${guarded}\n}`;
  return `for (var u = 0u; u < ${turns}u; u++) {\nlet j = lid.x + u * ${threads}u;\n${guarded}\n}`;
}

/** WGSL of the place of block `j` in the `part`th H columns. */
export function column({ units, width }: SequenceLayout, part = 0): string {
  const at = width === 1 ? "j" : "4u * j";
  return part === 0 ? at : `(${at} + ${part * units}u)`;
}

/** WGSL of a block of an operand, which begins at the last index. */
export function blockOf(x: Operand, indices: readonly string[], { width }: SequenceLayout): string {
  if (width === 1 || x.vec4(indices.length - 1)) return x.at(indices, width);
  const [last, before] = [indices.at(-1)!, indices.slice(0, -1)];
  const each = range(4).map((lane) => x.at([...before, `(${last} + ${lane}u)`]));
  return `vec4<f32>(${each.join(", ")})`;
}

/** Statements that store a block, which begins at the last index. */
export function storeBlock(
  sink: Sink,
  indices: readonly string[],
  value: string,
  { width }: SequenceLayout,
): string {
  if (!sink.wanted) return "";
  if (width === 1 || sink.vec4) return sink.store(indices, value, width);
  const [last, before] = [indices.at(-1)!, indices.slice(0, -1)];
  const each = range(4).map((l) => sink.store([...before, `(${last} + ${l}u)`], `whole[${l}]`));
  return `{\nlet whole = ${value};\n${each.join("\n")}\n}`;
}

/**
 * Statements that add, for each row r, values of a vector in workgroup memory times the rows of a
 * matrix: neighbouring threads read neighbouring weights.
 * @param vector WGSL of block `k` of row r's vector, which has `count` blocks
 * @param sums names of what row r's products are added to, one for each H columns of the matrix
 */
export function addProducts(
  matrix: Operand,
  layout: SequenceLayout,
  count: number,
  vector: (r: number) => string,
  sums: (r: number) => readonly string[],
): string {
  const { width } = layout;
  const line = (k: string, lane: string) =>
    sums(0).map(
      (_, part) => `{ let w = ${blockOf(matrix, [k, column(layout, part)], layout)};
${eachRow(layout, (r) => `${sums(r)[part]} += v${r}${lane} * w;`)} }`,
    );
  const lines =
    width === 1 ? line("k", "") : range(4).flatMap((l) => line(`(4u * k + ${l}u)`, `[${l}]`));
  return `for (var k = 0u; k < ${count}u; k++) {
${eachRow(layout, (r) => `let v${r} = ${vector(r)};`)}
${lines.join("\n")}
}`;
}

export function squashOf(call: KernelCall, layout: SequenceLayout): Squash {
  const lanes = lanesOf(layout);
  for (const helper of [isNanHelper, infHelper]) call.use(helper, lanes);
  const named = (helper: typeof tanhHelper) => (x: string) => `${call.use(helper, lanes)}(${x})`;
  const [float, bits] = [lanes.type("float32"), lanes.type("uint32")];
  return {
    sigmoid: named(sigmoidHelper),
    tanh: named(tanhHelper),
    relu: named(reluHelper),
    passed: (g, y) =>
      `select(${float}(0.0), ${g}, (bitcast<${bits}>(${y}) & ${bits}(0x7fffffffu)) != ${bits}(0u))`,
  };
}
