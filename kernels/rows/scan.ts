import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { isFloat } from "../../src/core/dtype.ts";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { gridFor, linearIndex, linearWorkgroup } from "../kernel.ts";
import {
  expHelper,
  infHelper,
  isNanHelper,
  logHelper,
  nanHelper,
  oneLane,
} from "../math/floatHelpers.ts";
import { log1pHelper } from "../math/specialHelpers.ts";

/**
 * Scans along the middle axis of [outer, n, inner]: out[k] = in[0] ∘ … ∘ in[k] for an associative ∘.
 * Either a thread walks one line, or a workgroup takes a line that lies along the last axis, tile by
 * tile, with a tree in workgroup memory.
 */

const THREADS = 256;
/** Neighbours that one thread of a workgroup takes. */
const ITEMS = 4;
/** Lines this short are not worth a workgroup. */
const SHORT = 32;

/** What runs along a line: WGSL of its state, of an element as a state, and of ∘. */
export interface ScanText {
  readonly label: string;
  /** Members of the state, e.g. `v: f32`. */
  readonly members: string;
  /** The state of the element at o, k, i. */
  readonly load: string;
  /** Statements of `join(a: Line, b: Line) -> Line`, where a stands before b. */
  readonly join: string;
  /** The result that belongs to the state `s`. */
  readonly result: string;
}

export function scanKernel(call: KernelCall, text: ScanText): KernelSource {
  const [, n, inner] = call.outputs[0]!.shape as [number, number, number];
  const single = call.target.software || inner > 1 || n <= SHORT;
  return single ? linePerThread(call, text) : linePerWorkgroup(call, text);
}

const globalsOf = ({ members, join }: ScanText): string => `struct Line { ${members} }
fn join(a: Line, b: Line) -> Line { ${join} }`;

function linePerThread({ target, outputs }: KernelCall, text: ScanText): KernelSource {
  const out = outputs[0]!;
  const [outer, n, inner] = out.shape as [number, number, number];
  const grid = gridFor(Math.ceil((outer * inner) / 64), target);
  return {
    label: `${text.label} ${outer}x${n}x${inner}`,
    workgroupSize: [64, 1, 1],
    workgroups: grid,
    globals: globalsOf(text),
    body: wgsl`
let at = ${linearIndex(grid, 64)};
if (at < ${outer * inner}u) {
let o = at / ${inner}u;
let i = at % ${inner}u;
var s: Line;
for (var k = 0u; k < ${n}u; k++) {
  let e = ${text.load};
  if (k == 0u) { s = e; } else { s = join(s, e); }
  ${out.store(["o", "k", "i"], text.result)}
}
}`,
  };
}

function linePerWorkgroup({ target, outputs }: KernelCall, text: ScanText): KernelSource {
  const out = outputs[0]!;
  const [outer, n] = out.shape as [number, number];
  let threads = 32;
  while (threads * ITEMS < n && threads * 2 <= Math.min(THREADS, target.maxInvocations)) {
    threads *= 2;
  }
  const grid = gridFor(outer, target);
  const tile = threads * ITEMS;
  // Loads past the end repeat the last element: what is made of them stands behind all others.
  return {
    label: `${text.label} ${outer}x${n}`,
    workgroupSize: [threads, 1, 1],
    workgroups: grid,
    globals: `${globalsOf(text)}\nvar<workgroup> ends: array<Line, ${threads}>;`,
    body: wgsl`
let o = ${linearWorkgroup(grid)};
let i = 0u;
// The condition is the same for the whole workgroup, so barriers may stand inside.
if (o < ${outer}u) {
var carry: Line;
for (var tile = 0u; tile < ${n}u; tile += ${tile}u) {
  let first = tile + lid.x * ${ITEMS}u;
  var own: array<Line, ${ITEMS}>;
  for (var j = 0u; j < ${ITEMS}u; j++) {
    let k = min(first + j, ${n - 1}u);
    let e = ${text.load};
    if (j == 0u) { own[0] = e; } else { own[j] = join(own[j - 1u], e); }
  }
  ends[lid.x] = own[${ITEMS - 1}];
  workgroupBarrier(); // every thread's total is there
  for (var apart = 1u; apart < ${threads}u; apart <<= 1u) {
    var total = ends[lid.x];
    if (lid.x >= apart) { total = join(ends[lid.x - apart], total); }
    workgroupBarrier(); // all have read this level
    ends[lid.x] = total;
    workgroupBarrier(); // all have written it
  }
  for (var j = 0u; j < ${ITEMS}u; j++) {
    let k = first + j;
    var s = own[j];
    if (lid.x > 0u) { s = join(ends[lid.x - 1u], s); }
    if (tile > 0u) { s = join(carry, s); }
    if (k < ${n}u) { ${out.store(["o", "k", "i"], text.result)} }
  }
  let last = ends[${threads - 1}];
  if (tile > 0u) { carry = join(carry, last); } else { carry = last; }
  workgroupBarrier(); // the totals are read before the next tile overwrites them
}
}`,
  };
}

const at = (x: Operand): string => x.at(["o", "k", "i"]);

/** out[k] = in[0] + … + in[k], or the product. */
export function foldScanKernel(call: KernelCall, operator: "+" | "*"): KernelSource {
  const x = call.inputs[0]!;
  return scanKernel(call, {
    label: operator === "+" ? "cumsum" : "cumprod",
    members: `v: ${oneLane.type(x.dtype)}`,
    load: `Line(${at(x)})`,
    join: `return Line(a.v ${operator} b.v);`,
    result: "s.v",
  });
}

/** out[k] = ln Σ e^in[0…k], through the larger of two: nothing overflows. */
export function logSumScanKernel(call: KernelCall): KernelSource {
  const use = [infHelper, nanHelper, isNanHelper, expHelper, logHelper, log1pHelper];
  for (const helper of use) call.use(helper, oneLane);
  const { helper } = oneLane;
  return scanKernel(call, {
    label: "logcumsumexp",
    members: "v: f32",
    load: `Line(${at(call.inputs[0]!)})`,
    // Infinite ones are told by their bits: ∞ - ∞ would be NaN.
    join: `
if (${helper("is_nan")}(a.v)) { return a; }
if (${helper("is_nan")}(b.v)) { return b; }
let top = max(a.v, b.v);
if ((bitcast<u32>(top) & 0x7fffffffu) == 0x7f800000u) { return Line(top); }
return Line(top + ${helper("log1p_full")}(${helper("exp_full")}(min(a.v, b.v) - top)));`,
    result: "s.v",
  });
}

/** out[k] = the place of the extremum of in[0…k]: of equal ones the last, and of NaNs. */
export function placeScanKernel(call: KernelCall, operator: ">=" | "<="): KernelSource {
  const x = call.inputs[0]!;
  const nan = isFloat(x.dtype) ? call.use(isNanHelper, oneLane) : null;
  const wins = `b.v ${operator} a.v`;
  const later = nan === null ? wins : `${nan}(b.v) || (!${nan}(a.v) && ${wins})`;
  const bool = x.dtype === "bool";
  return scanKernel(call, {
    label: operator === ">=" ? "cummax" : "cummin",
    members: `v: ${bool ? "u32" : oneLane.type(x.dtype)}, p: i32`,
    load: `Line(${bool ? `u32(${at(x)})` : at(x)}, i32(k))`,
    join: `if (${later}) { return b; } return a;`,
    result: "s.p",
  });
}

/** h[0] = b[0], h[k] = a[k - 1]·h[k - 1] + b[k] for a [outer, n - 1, inner]. */
export function recurrenceKernel(call: KernelCall): KernelSource {
  const [a, b] = call.inputs as [Operand, Operand];
  const factor = a.shape[1] === 0 ? "0.0" : a.at(["o", "(max(k, 1u) - 1u)", "i"]);
  return scanKernel(call, {
    label: "recurrence",
    members: "f: f32, v: f32",
    load: `Line(${factor}, ${at(b)})`,
    join: "return Line(a.f * b.f, b.f * a.v + b.v);",
    result: "s.v",
  });
}
