import type { KernelCall } from "../../src/core/ir.ts";
import { type Registers, vectors } from "./registers.ts";
import type { Rows } from "./rowText.ts";

/**
 * A thread's walk over the rows of the other side. On a software adapter it reads them from
 * memory; on a GPU its workgroup brings tiles of them into workgroup memory, where all threads
 * read the same row at a time.
 */
export interface Walk {
  readonly registers: Registers;
  /** Rows that come into registers as `ra` and `rb`. */
  readonly a: Rows;
  readonly b: Rows;
  /**
   * WGSL of the rows that the thread walks over, from its `first` row, and of those that its
   * workgroup needs, which owns `rows` from its `block_first`.
   */
  readonly from: string;
  readonly to: string;
  readonly groupFrom: string;
  readonly groupTo: (rows: number) => string;
  /** A vector kept for each row, and the statements before it; `j` is the row. */
  readonly kept?: { readonly before: () => string; readonly value: string };
  /** Statements for row `j`, written after those that load it. */
  readonly body: () => string;
}

const LONGEST_TILE = 32;

export function tileRows(call: KernelCall, aWidth: number, bWidth: number, kept: boolean): number {
  const bytes = 16 * (vectors(aWidth) + vectors(bWidth) + (kept ? 1 : 0));
  let rows = LONGEST_TILE;
  while (rows > 1 && rows * bytes > Math.min(16384, call.target.maxWorkgroupBytes)) rows /= 2;
  return rows;
}

export function directWalk({ registers, a, b, from, to, kept, body }: Walk): string {
  return `
for (var j = ${from}; j < ${to}; j++) {
${a.load(registers, "ra", "j")}
${b.load(registers, "rb", "j")}
${kept === undefined ? "" : `${kept.before()}\nlet kept = ${kept.value};`}
${body()}
}`;
}

/** Workgroup memory of tiles that hold `rows` rows. */
export const tileGlobals = (
  rows: number,
  aWidth: number,
  bWidth: number,
  kept: boolean,
): string => `
var<workgroup> tile_a: array<vec4<f32>, ${rows * vectors(aWidth)}>;
var<workgroup> tile_b: array<vec4<f32>, ${rows * vectors(bWidth)}>;
${kept ? `var<workgroup> tile_kept: array<vec4<f32>, ${rows}>;` : ""}`;

/** The keys that queries visit: all of them, or with `causal` those up to their own places. */
export const keyRange = (
  causal: boolean,
  rowsPerThread: number,
  keys: number,
): Pick<Walk, "from" | "to" | "groupFrom" | "groupTo"> => ({
  from: "0u",
  to: causal ? `min(first + ${rowsPerThread}u, ${keys}u)` : `${keys}u`,
  groupFrom: "0u",
  groupTo: (rows) => (causal ? `min(block_first + ${rows}u, ${keys}u)` : `${keys}u`),
});

/** @param own rows that a thread owns */
export function tiledWalk(walk: Walk, rows: number, threads: number, own: number): string {
  const { a, b, from, to, groupFrom, groupTo, kept, body } = walk;
  const load = (name: string, width: number) =>
    walk.registers.read(
      `r${name}`,
      width,
      (index) => `tile_${name}[slot * ${vectors(width)}u + ${index}]`,
    );
  // Past the last row the last one repeats: nobody reads it.
  const fill = (name: string, source: Rows) => `
for (var i = lid.x; i < ${rows * vectors(source.width)}u; i += ${threads}u) {
  let r = min(start + i / ${vectors(source.width)}u, ${source.count - 1}u);
  tile_${name}[i] = ${source.vector("r", `(i % ${vectors(source.width)}u)`)};
}`;
  return `
for (var start = ${groupFrom}; start < ${groupTo(threads * own)}; start += ${rows}u) {
${fill("a", a)}
${fill("b", b)}
${kept === undefined ? "" : keptTile(walk, rows, threads)}
  // The tiles are complete before anyone reads them,
  workgroupBarrier();
  let until = min(start + ${rows}u, ${to});
  for (var j = max(start, ${from}); j < until; j++) {
    let slot = j - start;
${load("a", a.width)}
${load("b", b.width)}
${kept === undefined ? "" : "let kept = tile_kept[slot];"}
${body()}
  }
  // and read by all before the next ones replace them.
  workgroupBarrier();
}`;
}

const keptTile = ({ registers, b, kept }: Walk, rows: number, threads: number): string => `
for (var i = lid.x; i < ${rows}u; i += ${threads}u) {
  let j = min(start + i, ${b.count - 1}u);
${b.load(registers, "rb", "j")}
${kept!.before()}
  tile_kept[i] = ${kept!.value};
}`;
