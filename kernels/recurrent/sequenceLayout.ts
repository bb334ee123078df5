import type { KernelCall, Lanes, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import {
  infHelper,
  isNanHelper,
  oneLane,
  reluHelper,
  sigmoidHelper,
  tanhHelper,
} from "../math/floatHelpers.ts";
import { type CellName, type CellText, cellTexts, type Squash } from "./cellTexts.ts";

/**
 * How a recurrent sequence is shared out: the rows of a batch do not need each other, so a
 * workgroup takes `rows` of them through all steps. A thread takes blocks of `width` units, all
 * gates of them, and every weight that it reads serves all its rows.
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
  readonly rows: number;
  readonly threads: number;
  /** Blocks that a thread takes, one after the other. */
  readonly turns: number;
  readonly grid: [number, number, number];
}

const fourLanes: Lanes = {
  ...oneLane,
  width: 4,
  type: (dtype) => `vec4<${oneLane.type(dtype)}>`,
  helper: (name) => `${name}_4`,
};

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
  // A software adapter has few cores; a GPU wants a workgroup for each of hundreds first.
  const wanted = target.software ? Math.min(4, Math.ceil(batch / 2)) : Math.floor(batch / 128);
  const rows = Math.max(1, Math.min(4, wanted, room));
  const most = Math.min(target.software ? 64 : 256, target.maxInvocations);
  const threads = Math.min(most, target.software ? blocks : Math.ceil(blocks / 32) * 32);
  const turns = Math.ceil(blocks / threads);
  const grid = gridFor(Math.ceil(batch / rows), target);
  const cell = cellTexts(name);
  return { cell, steps, batch, units, width, blocks, rows, threads, turns, grid };
}

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** WGSL of the rows of the batch that a workgroup takes; past the last one that is repeated. */
export const rowNumbers = ({ rows, batch, grid }: SequenceLayout): string =>
  range(rows)
    .map((r) => `let n${r} = min(${linearWorkgroup(grid)} * ${rows}u + ${r}u, ${batch - 1}u);`)
    .join("\n");

/** WGSL of "row r is no repetition", or null where there are none. */
export const ownRow = ({ rows, batch, grid }: SequenceLayout, r: number): string | null =>
  batch % rows === 0 && grid[1] === 1
    ? null
    : `${linearWorkgroup(grid)} * ${rows}u + ${r}u < ${batch}u`;

/** Statements for the blocks of units of this thread; `j` counts blocks, `u` turns. */
export const eachBlock = ({ turns, threads, blocks }: SequenceLayout, body: string): string => {
  const guarded = turns * threads === blocks ? body : `if (j < ${blocks}u) {\n${body}\n}`;
  if (turns === 1) return `{\nconst u = 0u;\nlet j = lid.x;\n${guarded}\n}`;
  return `for (var u = 0u; u < ${turns}u; u++) {\nlet j = lid.x + u * ${threads}u;\n${guarded}\n}`;
};

/** WGSL of a block of an operand, whose last index stands in units. */
export function blockOf(x: Operand, indices: readonly string[], layout: SequenceLayout): string {
  const { width } = layout;
  if (width === 1 || x.vec4(indices.length - 1)) return x.at(indices, width);
  const [last, before] = [indices.at(-1)!, indices.slice(0, -1)];
  const each = range(4).map((lane) => x.at([...before, `(${last} + ${lane}u)`]));
  return `vec4<f32>(${each.join(", ")})`;
}

/** Statements that store a block, whose last index stands in units. */
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

/** WGSL of unit `j` (in blocks) of block `block` of H columns. */
export const column = ({ units, width }: SequenceLayout, block: number): string => {
  const at = width === 1 ? "j" : "4u * j";
  return block === 0 ? `(${at})` : `(${at} + ${block * units}u)`;
};

export function squashOf(call: KernelCall, layout: SequenceLayout): Squash {
  const lanes = lanesOf(layout);
  for (const helper of [isNanHelper, infHelper]) call.use(helper, lanes);
  const [sigmoid, tanh, relu] = [sigmoidHelper, tanhHelper, reluHelper].map((helper) => {
    const name = call.use(helper, lanes);
    return (x: string) => `${name}(${x})`;
  }) as [(x: string) => string, (x: string) => string, (x: string) => string];
  const [float, bits] = [lanes.type("float32"), lanes.type("uint32")];
  const passed = (g: string, y: string) =>
    `select(${float}(0.0), ${g}, (bitcast<${bits}>(${y}) & ${bits}(0x7fffffffu)) != ${bits}(0u))`;
  return { sigmoid, tanh, relu, passed };
}
