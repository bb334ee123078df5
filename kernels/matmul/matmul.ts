import type {
  KernelCall,
  KernelSource,
  MatmulShape,
  MatrixUnit,
  Target,
  Variant,
} from "../../src/core/ir.ts";
import { range } from "../indexText.ts";
import { powerOfTwo, readersOf, sizeClass } from "../kernel.ts";
import { batchGrid, factorOf, four, pointers, productsOf } from "./matmulShape.ts";
import { isTiny, isTurned, type RegisterTile, registerMatmul } from "./registerTile.ts";
import { type SharedTile, sharedMatmul } from "./sharedTile.ts";
import { storeFour, storeSum } from "./storing.ts";
import { isNarrow, type SubgroupTile, subgroupMatmul } from "./subgroupTile.ts";

/** Through the adapter's unit for products of small matrices. */
interface UnitTile extends Variant {
  readonly unit: MatrixUnit;
}

/** What a unit's own texts have in common with these. */
export const matmulTexts = { batchGrid, factorOf, four, pointers, range, storeFour, storeSum };
export type MatmulTexts = typeof matmulTexts;

type Tile = RegisterTile | SharedTile | SubgroupTile | UnitTile;

/** Workgroups that keep a GPU busy, and threads that keep a software adapter busy. */
const MANY = 128;
const SOME = 32;
/** Of a tile that reaches over the edge, so much has to be inside. */
const MOSTLY = 2 / 3;

/**
 * C = A B. Software adapters multiply on registers alone, with whole subgroups where they can; GPUs
 * too where C is so thin that no element is used more than a few times, else from blocks in
 * workgroup memory.
 */
export function matmulKernel(call: KernelCall, shape: MatmulShape): KernelSource {
  const { m, n, k, ta, tb } = shape;
  const count = productsOf(shape);
  const tiles = isTiny(shape)
    ? [registers(4, 4, 64, 1)]
    : call.target.software
      ? softwareTiles(call, shape)
      : Math.min(m, n) <= 4
        ? thinTiles(call, shape)
        : [...unitTiles(call.target), ...blockTiles(shape)];
  const sizes = [m, n, k, count].map(sizeClass).join("x");
  const form = `${ta ? "t" : "n"}${tb ? "t" : "n"}`;
  const tile = call.target.choose(`matmul ${sizes} ${form}`, tiles);
  const quick = call.target.quickStart ? quickTile(shape, tile) : null;
  return {
    ...sourceOf(call, shape, tile),
    flops: 2 * m * n * k * count,
    ...(quick ? { quick: sourceOf(call, shape, quick) } : {}),
  };
}

function sourceOf(call: KernelCall, shape: MatmulShape, tile: Tile): KernelSource {
  if ("unit" in tile) return tile.unit.matmul(call, shape, tile.unit);
  if ("block" in tile) return sharedMatmul(call, shape, tile);
  return "slices" in tile ? registerMatmul(call, shape, tile) : subgroupMatmul(call, shape, tile);
}

/**
 * The smallest tile of the same sums in the same order, which software adapters compile much
 * sooner, and which reads and stores in the same way: both texts have the same bindings.
 */
function quickTile(shape: MatmulShape, tile: Tile): Tile | null {
  if (!("lanes" in tile) || "slices" in tile) return null;
  const { lanes, columns } = tile;
  const small = [4 * lanes, columns].map((width) => subgroups(lanes, width, lanes));
  const quick = small.find((other) => isNarrow(shape, other) === isNarrow(shape, tile))!;
  return quick.name === tile.name ? null : quick;
}

const unitTiles = ({ matrixUnit: unit }: Target): UnitTile[] =>
  unit === null ? [] : [{ name: `subgroup matrices ${unit.size}`, unit }];

/** First the largest block, which loads each element the fewest times, that keeps a GPU busy. */
function blockTiles(shape: MatmulShape): Tile[] {
  const tiles = [128, 64, 32, 16].map((block) => ({ name: `block ${block}`, block }));
  const blocks = ({ block }: SharedTile) =>
    Math.ceil(shape.m / block) * Math.ceil(shape.n / block) * productsOf(shape);
  const best = tiles.find((tile) => blocks(tile) >= MANY) ?? tiles[3];
  return [best, ...tiles.filter((tile) => tile !== best), registers(4, 4, 8, 8)];
}

const registers = (
  rows: number,
  columns: number,
  x: number,
  y: number,
  slices = 1,
  across = false,
  lanes = 1,
): RegisterTile => {
  const cut = slices > 1 ? ` of ${slices}${across ? " across" : ""}` : "";
  const name = `${rows}x${columns} ${x}x${y}${cut}${lanes > 1 ? " subgroups" : ""}`;
  return { name, rows, columns, x, y, slices, across, lanes };
};

const subgroups = (rows: number, columns: number, lanes: number): SubgroupTile => {
  return { name: `${rows}x${columns} by a subgroup`, rows, columns, lanes };
};

/** First the largest tile, which loads each element the fewest times, that keeps all cores busy. */
function softwareTiles(call: KernelCall, shape: MatmulShape): Tile[] {
  const { m, n, k } = shape;
  const [height, width] = isTurned(shape) ? [n, m] : [m, n];
  const tile = ([rows, columns]: number[]) => {
    const [across, down] = [Math.ceil(width / columns), Math.ceil(height / rows)];
    const y = Math.min(powerOfTwo(down), 16 / Math.min(powerOfTwo(across), 4));
    const x = Math.min(powerOfTwo(across), 16 / y);
    return { ...registers(rows, columns, x, y), threads: across * down * productsOf(shape) };
  };
  const tiles = [
    [8, 8],
    [8, 4],
    [4, 4],
  ]
    .filter(([, c]) => c < width + 4)
    .map(tile);
  const last = tiles[tiles.length - 1];
  const best = tiles.find(({ threads }) => threads >= SOME) ?? last;
  const others = tiles.filter((other) => other !== best);
  const slices = Math.min(16, powerOfTwo((2 * SOME) / best.threads));
  const x = Math.min(best.x, 16 / slices);
  const sliced = registers(4, 4, x, 16 / slices / x, slices, reads(call, shape) === "k");
  const few = best.threads < SOME && k >= 512;
  return [
    ...(few ? [sliced] : []),
    ...subgroupTiles(call, shape),
    best,
    ...others,
    ...(width < 64 ? [] : [registers(8, 8, 8, 1)]),
  ];
}

/** Tiles of whole subgroups that lie mostly inside C and keep all cores busy, the largest first. */
function subgroupTiles({ target }: KernelCall, shape: MatmulShape): SubgroupTile[] {
  const lanes = readersOf(target);
  if (lanes === 1) return [];
  const sizes = [
    [16, 32],
    [16, 16],
    [8, 32],
    [8, 16],
    [4, 16],
  ];
  const fitting = sizes.filter(([rows, columns]) => rows! >= lanes && columns! >= 4 * lanes);
  const tiles = fitting.map(([rows, columns]) => subgroups(rows!, columns!, lanes));
  return tiles.filter((tile) => {
    const [height, width] = isNarrow(shape, tile) ? [shape.n, shape.m] : [shape.m, shape.n];
    const [down, across] = [Math.ceil(height / tile.rows), Math.ceil(width / tile.columns)];
    const inside = (height * width) / (down * tile.rows * across * tile.columns);
    return inside >= MOSTLY && down * across * productsOf(shape) * lanes >= SOME;
  });
}

/** How the operand with the longer axis of its own is read. */
const reads = (call: KernelCall, shape: MatmulShape) =>
  factorOf(call, shape, shape.n < shape.m ? 0 : 1, []).mode;

/**
 * Threads side by side read what is side by side, along k or along the longer axis of C; what is
 * left of a workgroup divides the other.
 */
function thinTiles(call: KernelCall, shape: MatmulShape): Tile[] {
  const { m, n, k } = shape;
  const across = reads(call, shape) !== "own";
  const most = Math.max(1, powerOfTwo((k + 1) / 8));
  const slices = Math.min(across ? 64 : 8, most);
  const rest = 64 / slices;
  const [x, y] = isTurned(shape) || n >= m ? [rest, 1] : [1, rest];
  const tile = registers(4, 4, x, y, slices, across);
  const lanes = Math.min(call.target.subgroups, slices);
  return [
    tile,
    ...(across && lanes > 1 ? [registers(4, 4, x, y, slices, true, lanes)] : []),
    { name: "block 16", block: 16 },
  ];
}
