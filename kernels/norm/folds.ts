import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";

/**
 * Sums over two axes of [N, G, D, S], one after the other, and then something for each element:
 * what normalizations are made of. On a software adapter one thread takes an item (what is not
 * summed over); on a GPU several do, with a tree in workgroup memory.
 */

/** One or two sums at once. The WGSL texts see the indices n, g, d and s. */
export interface SumText {
  readonly name: string;
  /** What an element adds to each. */
  readonly each: readonly string[];
  /** Statements that the element needs before. */
  readonly before?: string;
  /** Statements after the sum. */
  readonly after?: string;
}

export interface FoldText {
  readonly label: string;
  /** Sizes of N, G, D, S. */
  readonly sizes: readonly number[];
  /** "rows": over D and S, an item is n, g. "channels": over N and S, an item is g, d. */
  readonly over: "rows" | "channels";
  /** WGSL statements before the sums. */
  readonly before: string;
  readonly sums: readonly SumText[];
  /** WGSL statements of one thread per item, after the sums. */
  readonly once?: string;
  /** WGSL statements for each element, after the sums. */
  readonly element?: string;
}

/** Elements that are summed one by one: partial sums of so many keep long sums exact. */
const BLOCK = 64;
/** Threads of a workgroup on a GPU, and on a software adapter, where a workgroup is one core's. */
const THREADS = 256;
const SOFTWARE_THREADS = 4;
/** Neighbouring items that share a workgroup where their elements lie side by side. */
const SIDE = 16;

/** Items and steps: what their two axes are called, and their sizes. */
interface Axes {
  readonly items: readonly [string, string];
  readonly inner: number;
  readonly count: number;
  /** The first axis of the steps; the second is s. */
  readonly outer: string;
  readonly outerSize: number;
  readonly places: number;
}

function axesOf({ sizes, over }: FoldText): Axes {
  const [n, g, d, places] = sizes as [number, number, number, number];
  return over === "rows"
    ? { items: ["n", "g"], inner: g, count: n * g, outer: "d", outerSize: d, places }
    : { items: ["g", "d"], inner: d, count: g * d, outer: "n", outerSize: n, places };
}

export function foldKernel(call: KernelCall, text: FoldText): KernelSource {
  return call.target.software ? itemPerThread(call, text) : itemPerLanes(call, text);
}

const typeOf = ({ each }: SumText): string => (each.length === 1 ? "f32" : "vec2<f32>");

const term = (sum: SumText): string =>
  sum.each.length === 1 ? sum.each[0]! : `vec2<f32>(${sum.each.join(", ")})`;

const itemIndices = ({ items: [first, second], inner }: Axes): string =>
  inner === 1
    ? `let ${first} = item; let ${second} = 0u;`
    : `let ${first} = item / ${inner}u; let ${second} = item % ${inner}u;`;

/** A loop over all steps, the inner one in blocks: `open` and `close` stand around each. */
function loops({ outer, outerSize, places }: Axes, body: string, open = "", close = ""): string {
  const name = places === 1 ? outer : "s";
  const size = places === 1 ? outerSize : places;
  const blocks = wgsl`
for (var at = 0u; at < ${size}u; at += ${BLOCK}u) {
  ${open}
  for (var ${name} = at; ${name} < min(at + ${BLOCK}u, ${size}u); ${name}++) { ${body} }
  ${close}
}`;
  if (places === 1) return `{ let s = 0u; ${blocks} }`;
  return `for (var ${outer} = 0u; ${outer} < ${outerSize}u; ${outer}++) { ${blocks} }`;
}

function itemPerThread({ target }: KernelCall, text: FoldText): KernelSource {
  const axes = axesOf(text);
  const { label, before, once = "", element = "" } = text;
  const grid = gridFor(Math.ceil(axes.count / SOFTWARE_THREADS), target);
  const sums = text.sums.map((sum) => {
    const body = `${sum.before ?? ""} part += ${term(sum)};`;
    const open = `var part = ${typeOf(sum)}();`;
    return wgsl`
var ${sum.name} = ${typeOf(sum)}();
${loops(axes, body, open, `${sum.name} += part;`)}
${sum.after ?? ""}`;
  });
  return {
    label,
    workgroupSize: [SOFTWARE_THREADS, 1, 1],
    workgroups: grid,
    body: wgsl`
let item = ${linearWorkgroup(grid)} * ${SOFTWARE_THREADS}u + lid.x;
if (item < ${axes.count}u) {
${itemIndices(axes)}
${before}
${sums.join("\n")}
${once}
${element === "" ? "" : loops(axes, element)}
}`,
  };
}

/** How many items a workgroup takes, and how many threads share each. */
interface Tile {
  readonly side: number;
  readonly lanes: number;
  /** Neighbouring threads take neighbouring items, else neighbouring elements of one item. */
  readonly alongItems: boolean;
}

function tileOf({ outer, outerSize, places }: Axes, limit: number): Tile {
  const threads = Math.min(THREADS, limit);
  const alongItems = outer === "n" && places < SIDE;
  const most = alongItems ? threads / SIDE : threads;
  let lanes = 1;
  while (lanes < outerSize * places && lanes < most) lanes *= 2;
  return { lanes, side: alongItems ? SIDE : Math.max(1, 64 / lanes), alongItems };
}

/** WGSL that makes `own` of all lanes their sum under the sum's name. */
function tree(sum: SumText, own: string, { lanes, side, alongItems }: Tile): string {
  if (lanes === 1) return `let ${sum.name} = ${own};`;
  const scratch = scratchOf(sum);
  const apart = alongItems ? `half * ${side}u` : "half";
  return wgsl`
${scratch}[lid.x] = ${own};
workgroupBarrier(); // all partial sums are there
for (var half = ${lanes / 2}u; half > 0u; half >>= 1u) {
  if (lane < half) { ${scratch}[lid.x] += ${scratch}[lid.x + ${apart}]; }
  workgroupBarrier(); // this level of the tree is done
}
let ${sum.name} = ${scratch}[${alongItems ? `lid.x % ${side}u` : "lid.x - lane"}];
workgroupBarrier(); // read before the next sum overwrites it`;
}

const scratchOf = ({ each }: SumText): string => (each.length === 1 ? "fold_one" : "fold_two");

function scratches({ sums }: FoldText, { lanes, side }: Tile): string {
  if (lanes === 1) return "";
  const made = new Map(sums.map((sum) => [scratchOf(sum), typeOf(sum)]));
  return [...made]
    .map(([name, type]) => `var<workgroup> ${name}: array<${type}, ${side * lanes}>;`)
    .join("\n");
}

/** A loop of one lane over its steps. */
const walk = ({ outer, outerSize, places }: Axes, lanes: number, body: string): string => wgsl`
for (var c = lane; c < ${outerSize * places}u; c += ${lanes}u) {
  let ${outer} = ${places === 1 ? "c" : `c / ${places}u`};
  let s = ${places === 1 ? "0u" : `c % ${places}u`};
  ${body}
}`;

function itemPerLanes({ target }: KernelCall, text: FoldText): KernelSource {
  const axes = axesOf(text);
  const tile = tileOf(axes, target.maxInvocations);
  const { side, lanes, alongItems } = tile;
  const { label, before, once = "", element = "" } = text;
  const grid = gridFor(Math.ceil(axes.count / side), target);
  const sums = text.sums.map((sum) => {
    const own = `own_${sum.name}`;
    const body = `${sum.before ?? ""} ${own} += ${term(sum)};`;
    return wgsl`
var ${own} = ${typeOf(sum)}();
${walk(axes, lanes, body)}
${tree(sum, own, tile)}
${sum.after ?? ""}`;
  });
  return {
    label,
    workgroupSize: [side * lanes, 1, 1],
    workgroups: grid,
    globals: scratches(text, tile),
    // Threads past the last item repeat it up to the stores: barriers are for all of them.
    body: wgsl`
let lane = ${alongItems ? `lid.x / ${side}u` : `lid.x % ${lanes}u`};
let place = ${alongItems ? `lid.x % ${side}u` : `lid.x / ${lanes}u`};
let own_item = ${linearWorkgroup(grid)} * ${side}u + place;
let item = min(own_item, ${axes.count - 1}u);
${itemIndices(axes)}
${before}
${sums.join("\n")}
if (own_item < ${axes.count}u) {
if (lane == 0u) { ${once} }
${element === "" ? "" : walk(axes, lanes, element)}
}`,
  };
}
