import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup, sizeClass, tree } from "../kernel.ts";

/**
 * Sums over two axes of [N, G, D, S], one after the other, and then something for each element:
 * what normalizations are made of. One thread takes an item (what is not summed over), or several
 * do, with a tree in workgroup memory.
 */

/** One or two sums at once. The WGSL texts see the indices n, g, d and s. */
export interface SumText {
  readonly name: string;
  /** What an element adds to each; four neighbours at once where the fold is 4 wide. */
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
  /** 4: texts are of four neighbours along S, or along D where there is one place. */
  readonly width: 1 | 4;
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
/** Fewer long items leave a software adapter's vectors empty, unless threads share each. */
const FEW_ITEMS = 8;
const LONG = 1024;
const SOFTWARE_LANES = 16;
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
  readonly width: 1 | 4;
}

function axesOf({ sizes, over, width }: FoldText): Axes {
  const [n, g, d, places] = sizes as [number, number, number, number];
  return over === "rows"
    ? { items: ["n", "g"], inner: g, count: n * g, outer: "d", outerSize: d, places, width }
    : { items: ["g", "d"], inner: d, count: g * d, outer: "n", outerSize: n, places, width };
}

export function foldKernel(call: KernelCall, text: FoldText): KernelSource {
  const { count, outerSize, places } = axesOf(text);
  const thread = { name: "thread", write: itemPerThread };
  const lanes = { name: "lanes", write: itemPerLanes };
  const steps = outerSize * places;
  const few = count < FEW_ITEMS && steps >= LONG;
  const variants = !call.target.software ? [lanes] : few ? [lanes, thread] : [thread, lanes];
  const shapes = `fold ${text.over} ${sizeClass(count)}x${sizeClass(steps)}`;
  return call.target.choose(shapes, variants).write(call, text);
}

const typeOf = ({ each }: SumText): string => (each.length === 1 ? "f32" : "vec2<f32>");

/** WGSL of one thread's accumulators, of what adds to them, and of their totals. */
function accumulators({ each, before = "" }: SumText, width: 1 | 4) {
  const type = width === 1 ? "f32" : "vec4<f32>";
  const names = each.map((_, i) => `part${i}`);
  const totals = names.map((p) => (width === 1 ? p : `((${p}.x + ${p}.y) + (${p}.z + ${p}.w))`));
  return {
    open: names.map((name) => `var ${name} = ${type}();`).join(" "),
    add: `${before} ${each.map((value, i) => `part${i} += ${value};`).join(" ")}`,
    total: totals.length === 1 ? totals[0]! : `vec2<f32>(${totals.join(", ")})`,
  };
}

const itemIndices = ({ items: [first, second], inner }: Axes): string =>
  inner === 1
    ? `let ${first} = item; let ${second} = 0u;`
    : `let ${first} = item / ${inner}u; let ${second} = item % ${inner}u;`;

/** A loop over all steps, the inner one in blocks: `open` and `close` stand around each. */
function loops(axes: Axes, body: string, open = "", close = ""): string {
  const { outer, outerSize, places, width } = axes;
  const name = places === 1 ? outer : "s";
  const size = places === 1 ? outerSize : places;
  const blocks = wgsl`
for (var at = 0u; at < ${size}u; at += ${BLOCK}u) {
  ${open}
  for (var ${name} = at; ${name} < min(at + ${BLOCK}u, ${size}u); ${name} += ${width}u) { ${body} }
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
    const { open, add, total } = accumulators(sum, text.width);
    return wgsl`
var ${sum.name} = ${typeOf(sum)}();
${loops(axes, add, open, `${sum.name} += ${total};`)}
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

function tileOf({ outer, outerSize, places, width }: Axes, limit: number): Tile {
  const threads = Math.min(THREADS, limit);
  const alongItems = outer === "n" && places < SIDE;
  const most = alongItems ? threads / SIDE : threads;
  let lanes = 1;
  while (lanes < (outerSize * places) / width && lanes < most) lanes *= 2;
  return { lanes, side: alongItems ? SIDE : Math.max(1, 64 / lanes), alongItems };
}

/** WGSL that adds up what all lanes have under the sum's name. */
function sumOfLanes(sum: SumText, { lanes, side, alongItems }: Tile): string {
  if (lanes === 1) return "";
  const scratch = scratchOf(sum);
  const apart = alongItems ? `half * ${side}u` : "half";
  return wgsl`
${scratch}[lid.x] = ${sum.name};
${tree(`${scratch}[lid.x]`, "lane", lanes, (a, b) => `${a} + ${b}`, apart)}
${sum.name} = ${scratch}[${alongItems ? `lid.x % ${side}u` : "lid.x - lane"}];
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
function walk({ outer, outerSize, places, width }: Axes, lanes: number, body: string): string {
  const step = width === 1 ? "c" : `(c * ${width}u)`;
  const across = places / width;
  const at = width === 1 ? "" : ` * ${width}u`;
  return wgsl`
for (var c = lane; c < ${(outerSize * places) / width}u; c += ${lanes}u) {
  let ${outer} = ${places === 1 ? step : `c / ${across}u`};
  let s = ${places === 1 ? "0u" : `c % ${across}u${at}`};
  ${body}
}`;
}

function itemPerLanes({ target }: KernelCall, text: FoldText): KernelSource {
  const axes = axesOf(text);
  const tile = tileOf(axes, target.software ? SOFTWARE_LANES : target.maxInvocations);
  const { side, lanes, alongItems } = tile;
  const { label, before, once = "", element = "" } = text;
  const grid = gridFor(Math.ceil(axes.count / side), target);
  const sums = text.sums.map((sum) => {
    const { open, add, total } = accumulators(sum, text.width);
    return wgsl`
var ${sum.name} = ${typeOf(sum)}();
{ ${open} ${walk(axes, lanes, add)} ${sum.name} = ${total}; }
${sumOfLanes(sum, tile)}
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
