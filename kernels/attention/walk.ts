import type { KernelCall } from "../../src/core/ir.ts";
import { lines, type Rows, vectors } from "./rowText.ts";

/**
 * A thread's walk over the rows of the other side. On a software adapter it reads them from
 * memory; on a GPU its workgroup brings tiles of them into workgroup memory, where all threads
 * read the same row at a time.
 */
export interface Walk {
  /** Rows loaded into registers `ra0`… and `rb0`… */
  readonly a: Rows;
  readonly b: Rows;
  readonly count: number;
  /** WGSL of the rows that the thread walks over, and of those that its workgroup needs. */
  readonly from: string;
  readonly to: string;
  readonly groupFrom: string;
  readonly groupTo: string;
  /** A vector kept for each row, and the statements before it; `j` is the row. */
  readonly kept?: { readonly before: string; readonly value: string };
  /** Statements for row `j`. */
  readonly body: string;
}

const LONGEST_TILE = 32;

export function tileRows(call: KernelCall, aWidth: number, bWidth: number, kept: boolean): number {
  const bytes = 16 * (vectors(aWidth) + vectors(bWidth) + (kept ? 1 : 0));
  let rows = LONGEST_TILE;
  while (rows > 1 && rows * bytes > Math.min(16384, call.target.maxWorkgroupBytes)) rows /= 2;
  return rows;
}

export function directWalk({ a, b, from, to, kept, body }: Walk): string {
  return `
for (var j = ${from}; j < ${to}; j++) {
${a.load("ra", "j")}
${b.load("rb", "j")}
${kept === undefined ? "" : `${kept.before}\nlet kept = ${kept.value};`}
${body}
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

export function tiledWalk(walk: Walk, rows: number, threads: number): string {
  const { a, b, count, from, to, groupFrom, groupTo, kept, body } = walk;
  const registers = (name: string, width: number) =>
    lines(
      vectors(width),
      (i) => `let r${name}${i} = tile_${name}[slot * ${vectors(width)}u + ${i}u];`,
    );
  // Past the last row the last one repeats: nobody reads it.
  const fill = (name: string, source: Rows) => `
for (var i = lid.x; i < ${rows * vectors(source.width)}u; i += ${threads}u) {
  let r = min(start + i / ${vectors(source.width)}u, ${count - 1}u);
  tile_${name}[i] = ${source.vector("r", `(i % ${vectors(source.width)}u)`)};
}`;
  return `
for (var start = ${groupFrom}; start < ${groupTo}; start += ${rows}u) {
${fill("a", a)}
${fill("b", b)}
${kept === undefined ? "" : keptTile(walk, rows, threads)}
  // The tiles are complete before anyone reads them,
  workgroupBarrier();
  let until = min(start + ${rows}u, ${to});
  for (var j = max(start, ${from}); j < until; j++) {
    let slot = j - start;
${registers("a", a.width)}
${registers("b", b.width)}
${kept === undefined ? "" : "let kept = tile_kept[slot];"}
${body}
  }
  // and read by all before the next ones replace them.
  workgroupBarrier();
}`;
}

const keptTile = ({ b, count, kept }: Walk, rows: number, threads: number): string => `
for (var i = lid.x; i < ${rows}u; i += ${threads}u) {
  let j = min(start + i, ${count - 1}u);
${b.load("rb", "j")}
${kept!.before}
  tile_kept[i] = ${kept!.value};
}`;
