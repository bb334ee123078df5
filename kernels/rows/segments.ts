import type { KernelCall, KernelSource, Lanes, Sink } from "../../src/core/ir.ts";
import { gridFor, linearIndex, linearWorkgroup } from "../kernel.ts";
import { fourLanes, isNanHelper, maxHelper, oneLane } from "../math/floatHelpers.ts";

/** WGSL of a p-norm, sum of |x|^p to the power 1/p; p = ∞ is the largest |x|. */
interface Norm {
  term(x: string): string;
  combine(a: string, b: string): string;
  /** The same of four numbers side by side. */
  combineWide(a: string, b: string): string;
  root(sum: string): string;
}

const larger = (a: string, b: string): string => `max(${a}, ${b})`;
const add = (a: string, b: string): string => `${a} + ${b}`;
const same = (x: string): string => x;

/** The larger one, or NaN where either is: the built-in may drop it. */
function largerOrNan(call: KernelCall, lanes: Lanes): (a: string, b: string) => string {
  call.use(isNanHelper, lanes);
  const name = call.use(maxHelper, lanes);
  return (a, b) => `${name}(${a}, ${b})`;
}

/** @param exponent WGSL of p in the type of the terms */
function norm(call: KernelCall, p: number, exponent = `${p}f`): Norm {
  const sums = { combine: add, combineWide: add };
  if (p === Infinity) {
    const [combine, combineWide] = [oneLane, fourLanes].map((l) => largerOrNan(call, l));
    return { term: (x) => `abs(${x})`, combine: combine!, combineWide: combineWide!, root: same };
  }
  if (p === 1) return { term: (x) => `abs(${x})`, ...sums, root: same };
  if (p === 2) return { term: (x) => `(${x}) * (${x})`, ...sums, root: (x) => `sqrt(${x})` };
  const root = (x: string) => `pow(${x}, ${1 / p}f)`;
  return { term: (x) => `pow(abs(${x}), ${exponent})`, ...sums, root };
}

/** Powers overflow where norms do not: terms are divided by the largest element before. */
const SCALE = `
fn scale_of(largest: f32) -> f32 {
  // Nothing to scale by: all zero (or NaN, which the sum will show), or an infinity.
  let bits = bitcast<u32>(largest);
  return select(largest, 1.0, bits == 0u || bits >= 0x7f800000u);
}`;

/**
 * partial[c] = p-norm of chunk c of a flat gradient. Inputs: g [size] and a table [chunks, 2] of
 * first element and length; no chunk crosses a segment. One workgroup a chunk on GPUs, one thread
 * a chunk on software adapters, where barriers are dear. With two vectors before the table the
 * first half of the chunks is of the first one, the second half, in the same places, of the other.
 *
 * With two results the inputs are those norms and a table [segments + 1, 2] of first chunk and
 * number of chunks, whose last row is of all: the norm of norms is the norm. Then output 0 is that
 * of everything [], output 1 those of the segments [segments].
 */
export function chunkNormKernel(call: KernelCall): KernelSource {
  const vectors = call.inputs.slice(0, -1);
  const table = call.inputs.at(-1)!;
  const [sink, each] = call.outputs;
  const rows = table.shape[0];
  const chunks = rows * vectors.length;
  const p = call.attrs.p as number;
  // Chunks of a gradient begin where four neighbours do; rows of matrices and norms of chunks do not.
  const anywhere = call.attrs.anywhere === true || each !== undefined;
  const wide = !anywhere && vectors.every((g) => g.vec4(0));
  const [type, width] = wide ? ["vec4<f32>", 4] : ["f32", 1];
  const { term, combine, combineWide, root } = norm(call, p, `${type}(${p === Infinity ? 0 : p})`);
  const threads = call.target.software ? 1 : 64;
  const side = call.target.software ? 16 : 1;
  const workgroups = gridFor(Math.ceil(chunks / side), call.target);
  const chunk = threads === 1 ? linearIndex(workgroups, side) : linearWorkgroup(workgroups);
  const load = vectors.map((g) => `x = ${g.at(["i"], wide ? 4 : 1)};`);
  const walk = (statement: string) => `
for (var i = first; i < end; i += ${threads * width}u) {
  var x: ${type};
  ${load.length === 1 ? load[0] : `if (chunk < ${rows}u) { ${load[0]} } else { ${load[1]} }`}
  ${wide ? "x = select(vec4<f32>(0.0), x, i + LANE < vec4<u32>(end));" : ""}
  ${statement}
}`;
  const fold = (value: string, pair: (a: string, b: string) => string) =>
    wide
      ? pair(`(${pair(`${value}.x`, `${value}.y`)})`, `(${pair(`${value}.z`, `${value}.w`)})`)
      : value;
  const tree = (value: string, pair: (a: string, b: string) => string) =>
    threads === 1 ? "" : acrossThreads(value, threads, pair);
  return {
    label: each === undefined ? "gradient norms, chunks" : "gradient norms",
    workgroupSize: [threads === 1 ? side : threads, 1, 1],
    workgroups,
    globals: [
      SCALE,
      // Elements past the end of a chunk are not its own.
      "const LANE = vec4<u32>(0u, 1u, 2u, 3u);",
      threads === 1 ? "" : `var<workgroup> tree: array<f32, ${threads}>;`,
    ].join("\n"),
    body: `
let chunk = ${chunk};
// Past the last chunk there is nothing to walk, but barriers are met by all.
let row = min(chunk, ${chunks - 1}u) % ${rows}u;
let start = u32(${table.at(["row", "0u"])});
let end = start + u32(${table.at(["row", "1u"])});
let first = start + ${threads === 1 ? "0u" : `lid.x * ${width}u`};
var top = ${type}(0.0);
${walk("top = max(top, abs(x));")}
var largest = ${fold("top", larger)};
${tree("largest", larger)}
let scale = scale_of(largest);
var terms = ${type}(0.0);
${walk(`let y = x / scale; terms = ${(wide ? combineWide : combine)("terms", term("y"))};`)}
var sum = ${fold("terms", combine)};
${tree("sum", combine)}
if (chunk < ${chunks}u${threads === 1 ? "" : " && lid.x == 0u"}) {
  let norm = scale * ${root("sum")};
  ${each === undefined ? sink.store(["chunk"], "norm") : storeBoth(sink, each, rows)}
}`,
  };
}

const storeBoth = (total: Sink, each: Sink, rows: number): string =>
  `if (row == ${rows - 1}u) { ${total.store([], "norm")} } else { ${each.store(["row"], "norm")} }`;

/** All threads of a workgroup combine a value as a tree; each has the result then. */
function acrossThreads(
  value: string,
  threads: number,
  pair: (a: string, b: string) => string,
): string {
  return `
tree[lid.x] = ${value};
workgroupBarrier();
for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
  if (lid.x < half) { tree[lid.x] = ${pair("tree[lid.x]", "tree[lid.x + half]")}; }
  // Every pair is combined before the next, shorter row is read.
  workgroupBarrier();
}
${value} = tree[0];
// The tree is read by all before it is used again.
workgroupBarrier();`;
}
