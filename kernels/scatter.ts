import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { DType } from "../src/core/dtype.ts";
import type { KernelCall, KernelSource, Operand } from "../src/core/ir.ts";
import { isNanHelper, maxHelper, minHelper, oneLane } from "./floatHelpers.ts";
import { outside } from "./gather.ts";
import { gridFor, linearWorkgroup } from "./kernel.ts";

/**
 * Scattering along the middle axis: out[o, j, i] folds g[o, k, i] over all k with index[o, k, i] =
 * j, always in one order: no atomics. A column is a pair (o, i). A thread owns `run` neighbouring
 * columns and `slots` neighbouring places j, and walks the indices once for all of them. On a GPU
 * several threads share the walk of a column where there are few columns: each takes a segment of
 * it, and their results are folded in the order of the segments.
 */

export type Fold = "sum" | "prod" | "amax" | "amin";

const WALKERS = 64;
/** Slots of one thread on a software adapter, where a large private array compiles slowly. */
const PRIVATE = 128;

interface Split {
  readonly lanes: number;
  readonly segments: number;
  readonly run: number;
  readonly slots: number;
}

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(atLeast, 1)));

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

function combiner(call: KernelCall, fold: Fold, dtype: DType) {
  if (fold === "sum") return (a: string, b: string) => `${a} + ${b}`;
  if (fold === "prod") return (a: string, b: string) => `${a} * ${b}`;
  const builtin = fold === "amax" ? "max" : "min";
  if (dtype !== "float32") return (a: string, b: string) => `${builtin}(${a}, ${b})`;
  call.use(isNanHelper, oneLane);
  const name = call.use(fold === "amax" ? maxHelper : minHelper, oneLane);
  return (a: string, b: string) => `${name}(${a}, ${b})`;
}

interface ScatterText {
  readonly fold: Fold;
  readonly source: Operand;
  readonly index: Operand;
  /** What stood there before, for folds other than a plain sum; and whether it is folded in. */
  readonly before: Operand | null;
  readonly includeSelf: boolean;
  readonly trusted: boolean;
}

/** Plain sums: inputs g, index. */
export function scatterAddKernel(call: KernelCall): KernelSource {
  const [source, index] = call.inputs as [Operand, Operand];
  const trusted = call.attrs.trusted === true;
  return scatterKernel(call, {
    fold: "sum",
    source,
    index,
    before: null,
    includeSelf: false,
    trusted,
  });
}

/** Inputs x, index, source: the fold of what lands on a place with x, or without it. */
export function scatterFoldKernel(call: KernelCall): KernelSource {
  const [before, index, source] = call.inputs as [Operand, Operand, Operand];
  const { fold, includeSelf, trusted } = call.attrs as unknown as ScatterText;
  return scatterKernel(call, { fold, source, index, before, includeSelf, trusted });
}

function scatterKernel(call: KernelCall, text: ScatterText): KernelSource {
  const out = call.outputs[0]!;
  const [outer, n, inner] = out.shape as [number, number, number];
  // A place that nothing lands on shows what stood there, so which ones those are must be kept; a
  // plain sum starts from the 0 that WGSL puts into every variable.
  const marked = text.before !== null;
  const split = splitOf(call, text.index, marked ? 2 : 1);
  const { lanes, segments, run, slots } = split;
  const runs = Math.ceil(inner / run);
  const tiles = Math.ceil(n / slots);
  const grid = gridFor(Math.ceil((outer * runs) / lanes) * tiles, call.target);
  const combine = combiner(call, text.fold, out.dtype);
  const { software } = call.target;
  const arrays = declarations(out.dtype, split, marked, software);
  const cell = software ? privateCell(split) : sharedCell(split);
  return {
    label: `scatter ${text.fold} ${outer}x${n}x${inner}`,
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
if (inside) { ${walk(call, text, split, { cell, combine })} }
#if ${segments > 1}
workgroupBarrier(); // each segment of every column is folded
#endif
if (inside) { ${finish(call, text, split, { cell, combine })} }`,
  };
}

/** The arrays of partial results: of each thread on a software adapter, else of the workgroup. */
function declarations(dtype: DType, split: Split, marked: boolean, software: boolean): string {
  const { lanes, segments, run, slots } = split;
  const size = slots * run * (software ? 1 : lanes * segments);
  const space = software ? "" : "<workgroup>";
  const folded = `var${space} folded: array<${oneLane.type(dtype)}, ${size}>;`;
  return marked ? `${folded}\nvar${space} landed: array<u32, ${size}>;` : folded;
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

interface Folding {
  readonly cell: Cell;
  readonly combine: (a: string, b: string) => string;
}

/** Folds what a thread's share of the indices brings to its slots. */
function walk(call: KernelCall, text: ScatterText, split: Split, { cell, combine }: Folding) {
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
#if ${text.before !== null}
      if (landed[at] == 0u) { folded[at] = next; landed[at] = 1u; }
      else { folded[at] = ${combine("folded[at]", "next")}; }
#else
      folded[at] = ${combine("folded[at]", "next")};
#endif
    }
  }
}`;
}

/** Folds the segments of each slot in their order and stores the result. */
function finish(call: KernelCall, text: ScatterText, split: Split, { cell, combine }: Folding) {
  const out = call.outputs[0]!;
  const { lanes, segments, slots } = split;
  const before = text.before?.at(["o", "j", "i"]) ?? "";
  const after = text.includeSelf ? combine("before", "value") : "value";
  return wgsl`
for (var slot = segment; slot < min(${slots}u, ${out.shape[1]!}u - base); slot += ${segments}u) {
  let j = base + slot;
  for (var i = first; i < end; i++) {
    let at = ${cell("slot", "i", "0u")};
    var value = folded[at];
#if ${text.before === null}
    for (var s = 1u; s < ${segments}u; s++) {
      value = ${combine("value", `folded[at + s * ${lanes}u]`)};
    }
#else
    var any = landed[at] != 0u;
    for (var s = 1u; s < ${segments}u; s++) {
      let other = at + s * ${lanes}u;
      if (landed[other] != 0u) {
        value = select(folded[other], ${combine("value", "folded[other]")}, any);
        any = true;
      }
    }
    let before = ${before};
    value = select(before, ${after}, any);
#endif
    ${out.store(["o", "j", "i"], "value")}
  }
}`;
}
