import type { KernelCall, KernelSource, MatmulShape, Variant } from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { batchGrid, block, factorOf, four, pointers } from "./matmulShape.ts";
import { factorSums, resultNames, storeTile, sumsUpTo } from "./storing.ts";

/** A workgroup is a subgroup of `lanes` threads, and makes `rows` x `columns` results. */
export interface SubgroupTile extends Variant {
  /** A multiple of `lanes`. */
  readonly rows: number;
  /** A multiple of 4 `lanes`: each thread takes neighbours. */
  readonly columns: number;
  readonly lanes: number;
}

/** Whether rows of tiles are columns of C: where C is narrower than a tile. */
export const isNarrow = ({ m, n }: MatmulShape, tile: SubgroupTile): boolean =>
  n < tile.columns && n < m;

/**
 * Each thread keeps all rows of a tile at some columns. All threads need the same elements of A: a
 * thread reads only its part of them, and the others get it through the subgroup. A software
 * adapter reads for its threads one after the other, so that a read that serves them all is worth
 * as much as they are.
 */
export function subgroupMatmul(
  call: KernelCall,
  shape: MatmulShape,
  tile: SubgroupTile,
): KernelSource {
  const { rows, columns, lanes } = tile;
  const own = columns / lanes;
  const down = isNarrow(shape, tile);
  const [height, width] = down ? [shape.n, shape.m] : [shape.m, shape.n];
  const grid = batchGrid(shape, Math.ceil(height / rows), call.target);
  const r = factorOf(call, shape, down ? 1 : 0, grid.batch, true);
  const c = factorOf(call, shape, down ? 0 : 1, grid.batch);
  const sums = [
    ...factorSums(call, r, {
      start: "mine",
      count: rows / lanes,
      apart: lanes,
      first: "wid.x == 0u",
    }),
    ...factorSums(call, c, { start: "col0", count: own, first: "row0 == 0u" }),
  ];
  const fours = range(own / 4);
  const results = resultNames(rows, own);
  const turns = (lines: readonly string[]) =>
    `for (var k = 0u; k < last; k += 4u) {\n${lines.join("\n")}\n}`;
  const to = {
    sink: call.outputs[0]!,
    batch: grid.batch,
    // A thread of the last tile may begin outside of C.
    rows: down ? columns : 1,
    columns: down ? 1 : columns,
    down,
  };
  return {
    label: `matmul ${shape.m}x${shape.k}x${shape.n} ${tile.name}`,
    workgroupSize: [lanes, 1, 1],
    workgroups: [Math.ceil(width / columns), ...grid.workgroups],
    body: [
      // The whole workgroup ends or stays: subgroups pass on what all of their threads read.
      grid.guard,
      `let row0 = ${grid.y} * ${rows}u;`,
      "let mine = row0 + lid.x;",
      `let col0 = wid.x * ${columns}u + lid.x * ${own}u;`,
      ...pointers(r, "mine", rows / lanes, lanes),
      ...pointers(c, "col0", own),
      ...sumsUpTo(r.k, [...results, ...sums.flatMap(({ names }) => names)]),
      ...sums.map(({ first, lines, store }) => `if (${first}) {\n${turns(lines)}\n${store}\n}`),
      turns([
        ...range(rows / lanes).map((i) => `let r${i} = ${four(r, i)};`),
        ...fours.map((j) => `let m${j} = ${block(c, j)};`),
        // Lane by lane, so that a sum takes four products while it is in a register.
        ...range(rows).flatMap((i) => [
          ...range(4).map((q) => {
            const own = `r${Math.floor(i / lanes)}[${q}]`;
            return `let e${i}_${q} = subgroupBroadcast(${own}, ${i % lanes}u);`;
          }),
          ...fours.map((j) => {
            const sum = [`c${i}_${j}`, ...range(4).map((q) => `e${i}_${q} * m${j}[${q}]`)];
            const each = [..."xyzw"].map((lane) => sum.map((of) => `${of}.${lane}`).join(" + "));
            return `${sum[0]} = vec4<f32>(${each});`;
          }),
        ]),
      ]),
      storeTile(to, results, r.size, own),
    ].join("\n"),
  };
}
