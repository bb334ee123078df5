import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { DType } from "../../src/core/dtype.ts";
import type { KernelCall, KernelSource, Operand } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup, powerOfTwo } from "../kernel.ts";
import { oneLane } from "../math/floatHelpers.ts";
import { outside } from "./outside.ts";

/**
 * Scattering along the middle axis: out[o, j, i] folds g[o, k, i] over all k with index[o, k, i] =
 * j, always in one order: no atomics. A column is a pair (o, i). A thread owns `run` neighbouring
 * columns and `slots` neighbouring places j, and walks the indices once for all of them. On a GPU
 * several threads share the walk of a column where there are few columns: each takes a segment of
 * it, and their results are folded in the order of the segments.
 */

const WALKERS = 64;
/** Slots of one thread on a software adapter, where a large private array compiles slowly. */
const PRIVATE = 128;

interface Split {
  readonly lanes: number;
  readonly segments: number;
  readonly run: number;
  readonly slots: number;
}

/** Who owns what: see above. `arrays` is how many words a slot needs. */
function splitOf(call: KernelCall, index: Operand, arrays: number): Split {
  const [outer, n, inner] = call.outputs[0]!.shape as [number, number, number];
  const count = index.shape[1]!;
  if (call.target.software) {
    // One comparison serves a whole run of neighbours where the index does not depend on them.
    const run = index.strides[2] === 0 || inner === 1 ? Math.min(inner, 16) : 1;
    return { lanes: WALKERS, segments: 1, run, slots: Math.min(n, Math.ceil(PRIVATE / run)) };
  }
  const lanes = Math.min(WALKERS, powerOfTwo(outer * inner));
  const segments = Math.min(WALKERS / lanes, powerOfTwo(count / 8));
  const words = Math.min(call.target.maxWorkgroupBytes, 16384) / 4;
  return { lanes, segments, run: 1, slots: Math.min(n, words / (arrays * lanes * segments)) };
}

/** What becomes of the values that land on one place. */
export interface Scattering {
  readonly name: string;
  readonly source: Operand;
  readonly index: Operand;
  readonly trusted: boolean;
  /** Words that a slot needs; more than one where `others` declares more arrays. */
  readonly words: number;
  others(space: string, size: number): string;
  /** Folds `next` into slot `at`. */
  readonly land: string;
  /** Folds `other`, the result of another segment, into `value`. */
  readonly join: string;
  /** Statements before that, with `value` the first segment's; and after it. */
  readonly begin: string;
  readonly end: string;
}

/** Plain sums of inputs g, index: WGSL puts the 0 they start from into every variable. */
export function scatterAddKernel(call: KernelCall): KernelSource {
  const [source, index] = call.inputs as [Operand, Operand];
  return scatterKernel(call, {
    name: "sum",
    source,
    index,
    trusted: call.attrs.trusted === true,
    words: 1,
    others: () => "",
    land: "folded[at] += next;",
    join: "value += folded[other];",
    begin: "",
    end: "",
  });
}

export function scatterKernel(call: KernelCall, text: Scattering): KernelSource {
  const out = call.outputs[0]!;
  const [outer, n, inner] = out.shape as [number, number, number];
  const split = splitOf(call, text.index, text.words);
  const { lanes, segments, run, slots } = split;
  const runs = Math.ceil(inner / run);
  const tiles = Math.ceil(n / slots);
  const grid = gridFor(Math.ceil((outer * runs) / lanes) * tiles, call.target);
  const { software } = call.target;
  const arrays = declarations(out.dtype, split, text, software);
  const cell = software ? privateCell(split) : sharedCell(split);
  return {
    label: `scatter ${text.name} ${outer}x${n}x${inner}`,
    workgroupSize: [lanes * segments, 1, 1],
    workgroups: grid,
    globals: software ? "" : arrays,
    body: wgsl`
${software ? arrays : ""}
let group = ${linearWorkgroup(grid)};
let lane = lid.x % ${lanes}u;
let segment = lid.x / ${lanes}u;
let column = (group / ${tiles}u) * ${lanes}u + lane;
let base = (group % ${tiles}u) * ${slots}u;
let inside = column < ${outer * runs}u;
let o = column / ${runs}u;
let first = (column % ${runs}u) * ${run}u;
let end = min(first + ${run}u, ${inner}u);
if (inside) { ${walk(call, text, split, cell)} }
#if ${segments > 1}
workgroupBarrier(); // each segment of every column is folded
#endif
if (inside) { ${finish(call, text, split, cell)} }`,
  };
}

/** The arrays of partial results: of each thread on a software adapter, else of the workgroup. */
function declarations(dtype: DType, split: Split, text: Scattering, software: boolean): string {
  const { lanes, segments, run, slots } = split;
  const size = slots * run * (software ? 1 : lanes * segments);
  const space = software ? "" : "<workgroup>";
  return `var${space} folded: array<${oneLane.type(dtype)}, ${size}>;\n${text.others(space, size)}`;
}

/** Where in them a slot of column `i` lies. */
type Cell = (slot: string, i: string, segment: string) => string;

const privateCell =
  ({ run }: Split): Cell =>
  (slot, i) =>
    `${slot} * ${run}u + (${i} - first)`;

const sharedCell =
  ({ lanes, segments }: Split): Cell =>
  (slot, _, segment) =>
    `(${slot} * ${segments}u + ${segment}) * ${lanes}u + lane`;

/** Folds what a thread's share of the indices brings to its slots. */
function walk(call: KernelCall, text: Scattering, split: Split, cell: Cell): string {
  const n = call.outputs[0]!.shape[1]!;
  const count = text.index.shape[1]!;
  const share = Math.ceil(count / split.segments);
  const report = text.trusted ? "" : call.report(outside("scatter", n));
  return wgsl`
let stop = min((segment + 1u) * ${share}u, ${count}u);
for (var k = segment * ${share}u; k < stop; k++) {
  let found = ${text.index.at(["o", "k", "first"])};
#if ${!text.trusted}
  if (found < 0 || found >= ${n}) { ${report} }
#endif
  let slot = u32(found) - base; // what lies before the base wraps to a large number
  if (slot < ${split.slots}u) {
    for (var i = first; i < end; i++) {
      let at = ${cell("slot", "i", "segment")};
      let next = ${text.source.at(["o", "k", "i"])};
      ${text.land}
    }
  }
}`;
}

/** Folds the segments of each slot in their order and stores the result. */
function finish(call: KernelCall, text: Scattering, split: Split, cell: Cell): string {
  const out = call.outputs[0]!;
  const { lanes, segments, slots } = split;
  return wgsl`
for (var slot = segment; slot < min(${slots}u, ${out.shape[1]!}u - base); slot += ${segments}u) {
  let j = base + slot;
  for (var i = first; i < end; i++) {
    let at = ${cell("slot", "i", "0u")};
    var value = folded[at];
    ${text.begin}
    for (var s = 1u; s < ${segments}u; s++) {
      let other = at + s * ${lanes}u;
      ${text.join}
    }
    ${text.end}
    ${out.store(["o", "j", "i"], "value")}
  }
}`;
}
