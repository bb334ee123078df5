import type {
  Helper,
  KernelCall,
  KernelSource,
  Operand,
  Spec,
  Variant,
} from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup, powerOfTwo, sizeClass, tree } from "../kernel.ts";
import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  maxHelper,
  nanHelper,
  oneLane,
} from "../math/floatHelpers.ts";

/**
 * Row kernels: [rows, columns], results that depend on a whole row. One thread takes a row, or
 * several do, with a tree in workgroup memory; each goes through the row four columns at a time
 * where they can be read so.
 */

/** One accumulation over a row. */
export interface Fold {
  readonly name: string;
  readonly by: "max" | "sum";
  /** WGSL of what one thread begins with: a neutral element, or something of the row. */
  readonly start: string;
  /** WGSL of what the columns at hand add: `width` values. */
  readonly value: string;
  /** Bits of floats, of which each thread keeps its own maximum. */
  readonly bits?: true;
}

/** Accumulations in one walk over a row. */
export interface Pass {
  /** WGSL statements for the columns at hand, before the folds. */
  readonly each: string;
  readonly folds: readonly Fold[];
  /** WGSL statements of all threads of the row, after the folds. */
  readonly after?: string;
}

export interface RowText {
  readonly label: string;
  readonly rows: number;
  readonly columns: number;
  /** Columns at hand at once, from column `c` on; they are number `k` of the row. */
  readonly width: 1 | 4;
  /** WGSL statements before the passes; `row` is in scope. */
  readonly before: string;
  readonly passes: readonly Pass[];
  /** WGSL statements of one thread per row, after all passes. */
  readonly once?: string;
  /** WGSL statements for the columns at hand, after all passes. */
  readonly element: string;
  /** A value of each row, and statements that store its sum, `all_rows`, over few rows. */
  readonly total?: { readonly value: string; readonly store: string };
}

/** Threads that share a row, and rows of a workgroup. */
interface Tile extends Variant {
  readonly lanes: number;
  readonly side: number;
}

/** The most threads of a workgroup. */
const THREADS = 256;

function tileOf(
  { target, inputs }: KernelCall,
  { label, rows, columns, width, total }: RowText,
): Tile {
  const steps = powerOfTwo(columns / width);
  const most = Math.min(THREADS, target.maxInvocations);
  const shortest = total ? powerOfTwo(rows) : target.software ? 16 : 64;
  const tile = (wanted: number): Tile => {
    const lanes = Math.max(1, Math.min(wanted, steps, most, total ? most / shortest : most));
    return { name: `${lanes} lanes`, lanes, side: Math.max(1, shortest / lanes) };
  };
  if (total) return { ...tile(target.software ? 1 : steps / 4), side: shortest };
  // Rows that lie side by side are read together by threads that take one each.
  const beside = inputs[0]!.strides[0] === 1 && rows >= 64;
  const few = rows < 8 ? [16, 1] : [1, 8];
  const many = steps <= 16 || beside ? [1, 32] : [rows < 256 ? steps : steps / 4, steps / 16, 1];
  const tiles = (target.software ? few : many).map(tile);
  const unique = tiles.filter((t, i) => tiles.findIndex((u) => u.name === t.name) === i);
  return target.choose(`${label} ${sizeClass(rows)}x${sizeClass(columns)}`, unique);
}

export function rowKernel(call: KernelCall, text: RowText): KernelSource {
  const tile = tileOf(call, text);
  const { lanes, side } = tile;
  const { label, rows, columns, width, before, passes, once = "", element, total } = text;
  const grid = gridFor(Math.ceil(rows / side), call.target);
  const threads = lanes * side;
  const walk = (body: string) => `
for (var k = lane; k < ${columns / width}u; k += ${lanes}u) {
  let c = k * ${width}u;
  ${body}
}`;
  const scratch = `var<workgroup> row_scratch: array<f32, ${threads}>;`;
  return {
    label: `${label} ${rows}x${columns}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: lanes > 1 || total ? scratch : "",
    // Threads past the last row repeat it up to the stores: barriers are for all of them.
    body: `
let lane = lid.x % ${lanes}u;
let own_row = ${linearWorkgroup(grid)} * ${side}u + lid.x / ${lanes}u;
let row = min(own_row, ${rows - 1}u);
${before}
${passes.map((pass) => passText(pass, width, lanes, walk)).join("\n")}
if (own_row < ${rows}u) {
  ${once === "" ? "" : `if (lane == 0u) { ${once} }`}
  ${element === "" ? "" : walk(element)}
}
${total ? totalText(total, rows, threads) : ""}`,
  };
}

function passText(
  { each, folds, after = "" }: Pass,
  width: 1 | 4,
  lanes: number,
  walk: (body: string) => string,
): string {
  const typeOf = ({ bits }: Fold) => {
    const type = bits ? "u32" : "f32";
    return width === 4 ? `vec4<${type}>` : type;
  };
  const open = folds.map((fold) => `var own_${fold.name} = ${typeOf(fold)}(${fold.start});`);
  const add = folds.map(
    ({ name, by, value }) => `own_${name} = ${combine(by, `own_${name}`, value)};`,
  );
  const close = folds.map((fold) => `${merged(fold, width)}\n${acrossLanes(fold, lanes)}`);
  return [...open, walk(`${each}\n${add.join("\n")}`), ...close, after].join("\n");
}

const combine = (by: Fold["by"], a: string, b: string): string =>
  by === "max" ? `max(${a}, ${b})` : `${a} + ${b}`;

/** Four accumulators of a thread become one. */
function merged({ name, by }: Fold, width: 1 | 4): string {
  const own = `own_${name}`;
  if (width === 1) return `let one_${name} = ${own};`;
  const [low, high] = ["xy", "zw"].map(([a, b]) => combine(by, `${own}.${a}`, `${own}.${b}`));
  return `let one_${name} = ${combine(by, `(${low})`, `(${high})`)};`;
}

/** All threads of a row get what they have together. */
function acrossLanes({ name, by, bits }: Fold, lanes: number): string {
  if (lanes === 1 || bits) return `let ${name} = one_${name};`;
  // The last barrier: all have read before the next fold overwrites it.
  return `
row_scratch[lid.x] = one_${name};
${tree("row_scratch[lid.x]", "lane", lanes, (a, b) => combine(by, a, b))}
let ${name} = row_scratch[lid.x - lane];
workgroupBarrier();`;
}

const totalText = (
  { value, store }: { readonly value: string; readonly store: string },
  rows: number,
  threads: number,
): string => `
row_scratch[lid.x] = select(0.0, ${value}, lane == 0u && own_row < ${rows}u);
${tree("row_scratch[lid.x]", "lid.x", threads, (a, b) => combine("sum", a, b))}
let all_rows = row_scratch[0];
if (lid.x == 0u) { ${store} }`;

/** Names of the helpers that texts of rows call, made available to the kernel. */
export function helpersOf(call: KernelCall) {
  const use = (helper: Helper) => call.use(helper, oneLane);
  use(isNanHelper);
  return { exp: use(expHelper), log: useLog(call), max: use(maxHelper) };
}

/** The name of the logarithm that keeps NaN. */
export function useLog(call: KernelCall): string {
  for (const helper of [infHelper, nanHelper]) call.use(helper, oneLane);
  return call.use(logHelper, oneLane);
}

/** 4 where a row of all operands can be read, and of all results stored, four at a time. */
export function widthOf({ inputs, outputs }: KernelCall): 1 | 4 {
  const isRows = ({ shape }: Spec) => shape.length === 2;
  const wide = inputs.filter(isRows).every((x) => x.vec4(1));
  return wide && outputs.filter(isRows).every((y) => y.vec4) ? 4 : 1;
}

/** How a row of an operand is read. */
export interface RowRead {
  /** WGSL statement before the passes. */
  readonly before: string;
  /** WGSL of the first columns, and of those at hand. */
  readonly first: string;
  readonly here: string;
}

export function rowOf(operand: Operand, name: string, width: 1 | 4): RowRead {
  const stride = width === 4 ? 1 : operand.strides[1]!;
  const step = stride === 1 ? "k" : `k * ${stride >>> 0}u`;
  return {
    before: `let ${name}_at = ${operand.pointer(["row", "0u"], width)};`,
    first: operand.element(`${name}_at`, width),
    here: operand.element(`${name}_at + ${step}`, width),
  };
}

/**
 * WGSL of a walk that gives `top`, the row's maximum, and `flaw`: NaN where the row holds NaN or
 * its maximum is not finite, else 0. A sum that begins with it is right whatever the row holds,
 * and its elements need no tests of their own.
 */
export function topOf(call: KernelCall, { first, here }: RowRead, width: 1 | 4): Pass {
  const nan = call.use(nanHelper, oneLane);
  const bits = width === 4 ? "vec4<u32>" : "u32";
  return {
    each: `let x = ${here};`,
    folds: [
      { name: "top", by: "max", start: first, value: "x" },
      {
        name: "most",
        by: "max",
        start: "0u",
        value: `bitcast<${bits}>(x) & ${bits}(0x7fffffffu)`,
        bits: true,
      },
    ],
    after: `
let top_bits = bitcast<u32>(top) & 0x7f800000u;
let flaw = select(0.0, ${nan}(top), most > 0x7f800000u || top_bits == 0x7f800000u);`,
  };
}
