import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearIndex } from "../kernel.ts";
import { oneLane } from "../math/floatHelpers.ts";

/**
 * Stable sorting along the middle axis of [outer, n, inner], without barriers. In blocks a thread
 * finds the final place of one element by counting those that come before it; then two sorted
 * blocks at a time become one, of which a thread makes a few neighbours.
 */

const THREADS = 64;

/** How values are ordered: NaN is the largest, and -0 equals 0. */
function keyText(dtype: string, descending: boolean): string {
  const float = `let plain = select(bitcast<u32>(x), 0u, bitcast<u32>(x) == 0x80000000u);
let up = select(plain | 0x80000000u, ~plain, plain >= 0x80000000u);
let key = select(up, 0xffffffffu, (plain & 0x7fffffffu) > 0x7f800000u);`;
  const bodies: Record<string, string> = {
    f32: float,
    i32: "let key = bitcast<u32>(x) ^ 0x80000000u;",
    u32: "let key = x;",
    bool: "let key = u32(x);",
  };
  return `fn sort_key(x: ${dtype}) -> u32 {
${bodies[dtype]}
return ${descending ? "~key" : "key"};
}`;
}

interface ElementText {
  readonly label: string;
  readonly globals: string;
  /** Statements for the element at o, k, i. */
  readonly body: string;
}

/** One thread per element of [outer, n, inner]. */
function perElement(call: KernelCall, shape: readonly number[], text: ElementText): KernelSource {
  const [outer, n, inner] = shape as [number, number, number];
  const size = outer * n * inner;
  const grid = gridFor(Math.ceil(size / THREADS), call.target);
  return {
    label: `${text.label} ${outer}x${n}x${inner}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    globals: text.globals,
    body: wgsl`
let at = ${linearIndex(grid, THREADS)};
if (at < ${size}u) {
let i = at % ${inner}u;
let k = (at / ${inner}u) % ${n}u;
let o = at / ${n * inner}u;
${text.body}
}`,
  };
}

const storeIf = (sink: Sink, place: string, value: string): string =>
  sink.wanted ? sink.store(["o", place, "i"], value) : "";

/**
 * Sorts each block of `width` elements; results: the places the elements had, and the elements.
 * Before an element stand those of its block with smaller keys, or equal ones and smaller places.
 */
export function sortBlocksKernel(call: KernelCall): KernelSource {
  const x = call.inputs[0]!;
  const [places, values] = call.outputs as [Sink, Sink];
  const { width, descending } = call.attrs as { width: number; descending: boolean };
  const n = x.shape[1]!;
  return perElement(call, x.shape, {
    label: "sortBlocks",
    globals: keyText(oneLane.type(x.dtype), descending),
    body: `
let value = ${x.at(["o", "k", "i"])};
let own = sort_key(value);
let start = (k / ${width}u) * ${width}u;
let end = min(start + ${width}u, ${n}u);
var place = start;
for (var m = start; m < k; m++) { place += select(0u, 1u, sort_key(${x.at(["o", "m", "i"])}) <= own); }
for (var m = k + 1u; m < end; m++) { place += select(0u, 1u, sort_key(${x.at(["o", "m", "i"])}) < own); }
${storeIf(places, "place", "i32(k)")}
${storeIf(values, "place", "value")}`,
  });
}

/** Neighbours that one thread merges. A divisor of every block's width. */
const chunkFor = (call: KernelCall): number => (call.target.software ? 32 : 8);

/**
 * Merges each two sorted blocks of `width` elements into one. A thread finds by a binary search how
 * many of the elements before its own come from the first block, and goes on from there: of equal
 * keys those of the first block come first. Source: Odeh et al. 2012, Merge Path. Inputs and
 * results: places and values.
 */
export function mergeBlocksKernel(call: KernelCall): KernelSource {
  const [from, x] = call.inputs as [Operand, Operand];
  const [places, values] = call.outputs as [Sink, Sink];
  const { width, descending } = call.attrs as { width: number; descending: boolean };
  const [outer, n, inner] = x.shape as [number, number, number];
  const chunk = chunkFor(call);
  const key = (place: string) => `sort_key(${x.at(["o", place, "i"])})`;
  const steps = Math.ceil(Math.log2(width + 1));
  return perElement(call, [outer, Math.ceil(n / chunk), inner], {
    label: "mergeBlocks",
    globals: keyText(oneLane.type(x.dtype), descending),
    body: `
let first = k * ${chunk}u;
let start = first / ${2 * width}u * ${2 * width}u;
let middle = min(start + ${width}u, ${n}u);
let end = min(middle + ${width}u, ${n}u);
let before = first - start;
var low = before - min(before, end - middle);
var high = min(before, middle - start);
// Halves what is left until nothing is: ${steps} steps are enough for a block.
for (var step = 0u; step < ${steps}u && low < high; step++) {
  let half = (low + high) / 2u;
  let a = start + half;
  let b = middle + before - 1u - half;
  if (${key("a")} <= ${key("b")}) { low = half + 1u; } else { high = half; }
}
var a = start + low;
var b = middle + before - low;
for (var p = first; p < min(first + ${chunk}u, ${n}u); p++) {
  var left = a < middle;
  if (left && b < end) { left = ${key("a")} <= ${key("b")}; }
  let q = select(b, a, left);
  ${storeIf(places, "p", from.at(["o", "q", "i"]))}
  ${storeIf(values, "p", x.at(["o", "q", "i"]))}
  if (left) { a++; } else { b++; }
}`,
  });
}

/** out[o, order[o, k, i], i] = k for permutations `order` of the middle axis. */
export function inverseOrderKernel(call: KernelCall): KernelSource {
  const order = call.inputs[0]!;
  return perElement(call, order.shape, {
    label: "inverseOrder",
    globals: "",
    body: `
let place = u32(${order.at(["o", "k", "i"])});
${storeIf(call.outputs[0]!, "place", "i32(k)")}`,
  });
}

/**
 * How many elements of a sorted line [rows, n] stand before each value [rows, m]: those below it,
 * or not above it for `right`.
 */
export function searchKernel(call: KernelCall): KernelSource {
  const [lines, values] = call.inputs as [Operand, Operand];
  const n = lines.shape[1]!;
  const [rows, m] = values.shape as [number, number];
  const steps = Math.ceil(Math.log2(n + 1));
  const before = call.attrs.right === true ? "<=" : "<";
  return perElement(call, [rows, m, 1], {
    label: "searchsorted",
    globals: keyText(oneLane.type(lines.dtype), false),
    body: `
let own = sort_key(${values.at(["o", "k"])});
var low = 0u;
var high = ${n}u;
for (var step = 0u; step < ${steps}u && low < high; step++) {
  let middle = (low + high) / 2u;
  if (sort_key(${lines.at(["o", "middle"])}) ${before} own) { low = middle + 1u; } else { high = middle; }
}
${call.outputs[0]!.store(["o", "k"], "i32(low)")}`,
  });
}
