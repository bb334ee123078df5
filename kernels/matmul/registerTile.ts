import type { KernelCall, KernelSource, MatmulShape, Variant } from "../../src/core/ir.ts";
import { range, unravel } from "../indexText.ts";
import { gridFor, linearIndex } from "../kernel.ts";
import {
  batchGrid,
  block,
  type Factor,
  factorOf,
  four,
  pointers,
  productsOf,
} from "./matmulShape.ts";
import { factorSums, resultNames, type Storing, storeTile, sumsUpTo } from "./storing.ts";

/** A thread makes `rows` x `columns` results; a workgroup has `x` x `y` x `slices` threads. */
export interface RegisterTile extends Variant {
  /** At most. */
  readonly rows: number;
  readonly columns: number;
  readonly x: number;
  readonly y: number;
  /** Threads that divide k among them. */
  readonly slices: number;
  /** They are neighbours; so many at a time add up what they have in a subgroup. */
  readonly across: boolean;
  readonly lanes: number;
}

/** Whether rows of tiles are columns of C: columns of tiles go by four, rows may be any number. */
export const isTurned = ({ m, n }: MatmulShape): boolean => n < m && n % 4 !== 0;

/** Matrices that are a tile each, in a long batch: every thread takes one. */
export const isTiny = (shape: MatmulShape): boolean =>
  Math.max(shape.m, shape.n) <= 4 && productsOf(shape) >= 16;

/**
 * Each thread keeps a tile of results, and takes four steps of k at once as products with 4 x 4
 * matrices: software adapters have few registers, and so touch each sum once in four steps. There
 * is no workgroup memory and no barrier unless slices of k meet: there both cost more than the
 * loads that they save.
 */
export function registerMatmul(
  call: KernelCall,
  shape: MatmulShape,
  tile: RegisterTile,
): KernelSource {
  const { columns, x, y, slices, across } = tile;
  const down = isTurned(shape);
  const height = Math.ceil((down ? shape.n : shape.m) / tile.rows);
  const rowGroups = Math.ceil(height / y);
  const tiny = isTiny(shape);
  const grid = tiny ? aloneGrid(call, shape) : batchGrid(shape, rowGroups, call.target);
  const r = factorOf(call, shape, down ? 1 : 0, grid.batch);
  const c = factorOf(call, shape, down ? 0 : 1, grid.batch);
  // Where rows are read one by one, the last tile need not be smaller than the others.
  const rows = r.mode === "own" ? Math.min(tile.rows, r.size) : Math.ceil(r.size / height);
  const [slice, tx, ty] = across ? ["lid.x", "lid.y", "lid.z"] : ["lid.z", "lid.x", "lid.y"];
  const columnGroups = Math.ceil(c.size / columns / x);
  const outside = [
    ...(rowGroups * y * rows >= r.size + rows ? [`row0 >= ${r.size}u`] : []),
    ...(columnGroups * x * columns >= c.size + columns ? [`col0 >= ${c.size}u`] : []),
    ...(slices > 1 ? [`${slice} > 0u`] : []),
  ];
  const { globals, lines } = texts(call, tile, [r, c], rows, {
    slice: slices > 1 ? slice : "0u",
    tile: `${ty} * ${x}u + ${tx}`,
    end: outside.length === 0 || tiny ? "" : `if (${outside.join(" || ")}) { return; }`,
    // The loop over rows of the tile ends where they do.
    to: {
      sink: call.outputs[0],
      batch: grid.batch,
      rows: down ? columns : 1,
      columns: down ? 1 : columns,
      down,
    },
  });
  return {
    label: `matmul ${shape.m}x${shape.k}x${shape.n} ${tile.name}`,
    workgroupSize: across ? [slices, x, y] : [x, y, slices],
    workgroups: [grid.width ?? columnGroups, ...grid.workgroups],
    globals,
    body: [
      grid.guard,
      tiny ? "let row0 = 0u;" : `let row0 = (${grid.y} * ${y}u + ${ty}) * ${rows}u;`,
      tiny ? "let col0 = 0u;" : `let col0 = (wid.x * ${x}u + ${tx}) * ${columns}u;`,
      ...lines,
    ].join("\n"),
  };
}

/** WGSL of what a thread is, and of what ends it where it has nothing to store. */
interface Place {
  readonly slice: string;
  readonly tile: string;
  readonly end: string;
  readonly to: Storing;
}

function texts(
  call: KernelCall,
  tile: RegisterTile,
  [r, c]: readonly [Factor, Factor],
  rows: number,
  place: Place,
) {
  const { columns, slices } = tile;
  const alone = slices === 1;
  const sums = [
    ...factorSums(call, r, { start: "row0", count: rows, first: "col0 == 0u" }),
    ...factorSums(call, c, { start: "col0", count: columns, first: "row0 == 0u" }),
  ];
  const results = resultNames(rows, columns);
  const names = [...results, ...sums.flatMap((s) => s.names)];
  const turns = (lines: readonly string[]) =>
    `for (var k = ${place.slice} * 4u; k < last; k += ${4 * slices}u) {\n${lines.join("\n")}\n}`;
  const lines = [
    alone ? place.end : "",
    ...pointers(r, "row0", rows),
    ...pointers(c, "col0", columns),
    ...sumsUpTo(r.k, names),
    ...sums.map((s) => `if (${s.first}) {\n${turns(s.lines)}\n${alone ? s.store : ""}\n}`),
    turns(products(r, c, rows, columns)),
    ...(alone ? [] : [...meet(tile, names, place), place.end]),
    storeTile(place.to, results, r.size, columns),
    ...sums.map((s) => (alone ? "" : `if (${s.first}) ${s.store}`)),
  ];
  const memory = names.length * slices * tile.x * tile.y;
  const globals = `var<workgroup> parts: array<vec4<f32>, ${memory}>;`;
  return { globals: slices > tile.lanes ? globals : "", lines };
}

/** One thread for each place in the batch. */
function aloneGrid({ target }: KernelCall, shape: MatmulShape) {
  const count = productsOf(shape);
  const [width, height] = gridFor(Math.ceil(count / 64), target);
  return {
    width,
    workgroups: [height, 1] as const,
    batch: unravel("z", shape.batch),
    y: "0u",
    guard: `let z = ${linearIndex([width, height, 1], 64)};\nif (z >= ${count}u) { return; }`,
  };
}

/** Adds the products of four steps of k to the tile. */
function products(r: Factor, c: Factor, rows: number, columns: number): string[] {
  const own = r.mode === "own";
  return [
    ...range(own ? rows / 4 : rows).map((i) =>
      own ? `let r${i} = transpose(${block(r, i)});` : `let r${i} = ${four(r, i)};`,
    ),
    ...range(columns / 4).map((j) => `let m${j} = ${block(c, j)};`),
    ...range(rows).flatMap((i) => {
      const row = own ? `r${i >> 2}[${i & 3}]` : `r${i}`;
      return range(columns / 4).map((j) => `c${i}_${j} += m${j} * ${row};`);
    }),
  ];
}

/** When all have written, the first slice adds what the others have to its own, in order. */
function meet(
  { slices, lanes, x, y }: RegisterTile,
  names: readonly string[],
  { slice, tile }: Place,
): string[] {
  const lines: string[] = [];
  for (let step = 1; step < lanes; step *= 2) {
    lines.push(...names.map((name) => `${name} += subgroupShuffleXor(${name}, ${step}u);`));
  }
  if (slices <= lanes) return lines;
  const all = slices * x * y;
  return [
    ...lines,
    `let here = ${slice} * ${x * y}u + ${tile};`,
    ...names.map((name, i) => `parts[${i * all}u + here] = ${name};`),
    "workgroupBarrier();",
    `for (var s = ${lanes * x * y}u; s < ${all}u; s += ${lanes * x * y}u) {`,
    ...names.map((name, i) => `${name} += parts[${i * all}u + here + s];`),
    "}",
  ];
}
