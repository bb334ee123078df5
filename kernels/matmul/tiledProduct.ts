import type { KernelSource, Target } from "../../src/core/ir.ts";
import { grid3 } from "../grid3.ts";
import { range } from "../indexText.ts";

/** One factor of a product: how its elements are found. */
export interface TileSide {
  /** Rows of the first factor, or columns of the second. */
  readonly size: number;
  /** Neighbours in memory lie along the contracted axis: neighbouring threads load those. */
  readonly alongDepth: boolean;
  /** WGSL statements for a row (column), and for a place of the contracted axis. */
  readonly place: (at: string) => readonly string[];
  readonly depth: (at: string) => readonly string[];
  /** WGSL of the element, from what the statements named. */
  readonly value: string;
}

export interface TiledProduct {
  readonly label: string;
  readonly target: Target;
  readonly a: TileSide;
  readonly b: TileSide;
  /** Length of the contracted axis: at most, for the choice of tiles, and as WGSL. */
  readonly most: number;
  readonly depth: string;
  /** Products side by side, told apart by `wz`. */
  readonly count: number;
  /** WGSL statements at the beginning. */
  readonly before: readonly string[];
  readonly store: (row: string, column: string, value: string) => string;
  /** Stores Σ over the contracted axis of the first factor. */
  readonly storeSum: ((row: string, value: string) => string) | null;
}

/** Workgroups that keep a GPU busy. */
const MANY = 128;
/** A contracted axis this long is worth dividing. */
const LONG = 256;

interface Tile {
  /** A thread makes `own` x `own` results, `side` x `side` threads a block. */
  readonly own: number;
  readonly side: number;
  /** Groups of threads that share the contracted axis among them. */
  readonly slices: number;
  /** Places of the contracted axis in workgroup memory at a time, for each slice. */
  readonly depth: number;
}

function tileFor({ a, b, most, count }: TiledProduct): Tile {
  const blocks = (n: number) => Math.ceil(a.size / n) * Math.ceil(b.size / n) * count;
  if (a.size >= 64 && blocks(64) >= MANY) return { own: 4, side: 16, slices: 1, depth: 16 };
  const small = Math.min(a.size, b.size) <= 16 || blocks(32) < MANY / 4;
  const slices = most >= LONG && blocks(32) < 4 * MANY ? 4 : 1;
  return { own: small ? 2 : 4, side: 8, slices, depth: slices === 1 ? 16 : 8 };
}

/**
 * C[r, c] = Σ over k of A[r, k] B[k, c] for a GPU, where A and B need not exist in memory. A
 * workgroup computes a square block of C: it loads blocks of A and B into workgroup memory, where
 * each element serves a whole row or column of threads. Where there are few blocks, slices of a
 * workgroup share the contracted axis, and add up what they have at the end. Loads outside give
 * zero, so only stores are guarded.
 */
export function tiledProduct(product: TiledProduct): KernelSource {
  const { a, b, most, depth, count, label } = product;
  const tile = tileFor(product);
  const { own, side, slices } = tile;
  const block = own * side;
  const turn = tile.depth * slices;
  const bound = /^\d+u$/.test(depth) ? `${Math.ceil(most / turn) * turn}u` : depth;
  const grid = grid3([Math.ceil(b.size / block), Math.ceil(a.size / block), count], product.target);
  const memory = Math.max(2 * slices * tile.depth * (block + 1), side * side * slices * own);
  return {
    label: `${label} tiled ${block}`,
    workgroupSize: [side, side, slices],
    workgroups: grid.workgroups,
    globals: `var<workgroup> tiles: array<f32, ${memory}>;`,
    body: [
      ...grid.lines,
      `let thread = lid.y * ${side}u + lid.x;`,
      `let row0 = wy * ${block}u;`,
      `let col0 = wx * ${block}u;`,
      ...product.before,
      // Rows are one longer than needed, so that neighbours in a column lie in different banks.
      `let tile_a = lid.z * ${tile.depth * (block + 1)}u;`,
      `let tile_b = tile_a + ${slices * tile.depth * (block + 1)}u;`,
      ...range(own).flatMap((i) => range(own).map((j) => `var c${i}_${j} = 0.0;`)),
      ...(product.storeSum === null ? [] : range(own).map((i) => `var sum${i} = 0.0;`)),
      ...fixed(a, "a", "row0", block),
      ...fixed(b, "b", "col0", block),
      `for (var turn = 0u; turn < ${bound}; turn += ${turn}u) {`,
      `let k0 = turn + lid.z * ${tile.depth}u;`,
      ...loads(a, "a", "row0", tile, depth),
      ...loads(b, "b", "col0", tile, depth),
      // The blocks are complete before anyone reads them,
      "workgroupBarrier();",
      `for (var k = 0u; k < ${tile.depth}u; k++) {`,
      ...range(own).map(
        (i) => `let a${i} = tiles[tile_a + k * ${block + 1}u + lid.y + ${i * side}u];`,
      ),
      ...range(own).map(
        (j) => `let b${j} = tiles[tile_b + k * ${block + 1}u + lid.x + ${j * side}u];`,
      ),
      ...range(own).flatMap((i) => range(own).map((j) => `c${i}_${j} += a${i} * b${j};`)),
      ...(product.storeSum === null ? [] : range(own).map((i) => `sum${i} += a${i};`)),
      "}",
      // and read by all before the next ones replace them.
      "workgroupBarrier();",
      "}",
      ...range(own).flatMap((i) =>
        meet(
          range(own).map((j) => `c${i}_${j}`),
          tile,
        ),
      ),
      ...(product.storeSum === null
        ? []
        : meet(
            range(own).map((i) => `sum${i}`),
            tile,
          )),
      ...stores(product, tile),
    ].join("\n"),
  };
}

/** What depends on the row (column) alone, where each thread loads the same one in every turn. */
function fixed(side: TileSide, name: string, first: string, block: number): string[] {
  if (side.alongDepth) return [];
  return [
    `let own_${name} = ${first} + thread % ${block}u;`,
    ...side.place(`min(own_${name}, ${side.size - 1}u)`),
  ];
}

/** Each thread's part of a block: every element that is inside, and zeros around. */
function loads(side: TileSide, name: string, first: string, tile: Tile, depth: string): string[] {
  const block = tile.own * tile.side;
  const threads = tile.side * tile.side;
  const at = (d: string, s: string) => `tiles[tile_${name} + ${d} * ${block + 1}u + ${s}]`;
  const count = (block * tile.depth) / threads;
  if (side.alongDepth) {
    const step = threads / tile.depth;
    return [
      "{",
      `let d = thread % ${tile.depth}u;`,
      "let deep = k0 + d;",
      `let inside = deep < ${depth};`,
      ...side.depth("deep"),
      `for (var i = 0u; i < ${count}u; i++) {`,
      `let s = thread / ${tile.depth}u + i * ${step}u;`,
      `let at = ${first} + s;`,
      "var loaded = 0.0;",
      `if (inside && at < ${side.size}u) {`,
      ...side.place("at"),
      `loaded = ${side.value};`,
      "}",
      `${at("d", "s")} = loaded;`,
      "}",
      "}",
    ];
  }
  return [
    `for (var i = 0u; i < ${count}u; i++) {`,
    `let d = thread / ${block}u + i * ${threads / block}u;`,
    "let deep = k0 + d;",
    "var loaded = 0.0;",
    `if (deep < ${depth} && own_${name} < ${side.size}u) {`,
    ...side.depth("deep"),
    `loaded = ${side.value};`,
    "}",
    `${at("d", `thread % ${block}u`)} = loaded;`,
    "}",
  ];
}

/** The first slice adds what the others have to its own sums. */
function meet(names: readonly string[], { side, slices, own }: Tile): string[] {
  if (slices === 1) return [];
  const step = side * side * own;
  return [
    ...names.map((n, i) => `tiles[lid.z * ${step}u + thread * ${own}u + ${i}u] = ${n};`),
    "workgroupBarrier(); // all slices have written,",
    ...names.map((n, i) => {
      const others = range(slices - 1).map(
        (s) => `tiles[${(s + 1) * step}u + thread * ${own}u + ${i}u]`,
      );
      return `${n} += ${others.join(" + ")};`;
    }),
    "workgroupBarrier(); // and are read before the next sums replace them",
  ];
}

function stores({ a, b, store, storeSum }: TiledProduct, { own, side, slices }: Tile): string[] {
  const row = (i: number) => `(row0 + lid.y + ${i * side}u)`;
  const column = (j: number) => `(col0 + lid.x + ${j * side}u)`;
  const lines = range(own).flatMap((i) =>
    range(own).map((j) => {
      const text = store(row(i), column(j), `c${i}_${j}`);
      return `if (${row(i)} < ${a.size}u && ${column(j)} < ${b.size}u) { ${text} }`;
    }),
  );
  if (storeSum !== null) {
    lines.push("if (wx == 0u && lid.x == 0u) {");
    for (const i of range(own)) {
      lines.push(`if (${row(i)} < ${a.size}u) { ${storeSum(row(i), `sum${i}`)} }`);
    }
    lines.push("}");
  }
  return slices === 1 ? lines : ["if (lid.z == 0u) {", ...lines, "}"];
}
