import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand } from "../src/core/ir.ts";
import { gridFor, linearIndex } from "./kernel.ts";

const THREADS = 64;

/**
 * out[o, k, i] = x[o, index[o, k, i], i] for x [outer, n, inner], index and out
 * [outer, k, inner]. A thread makes one element. An index outside the axis reads the nearest
 * place and is reported.
 */
export function gatherKernel(call: KernelCall): KernelSource {
  const [x, index] = call.inputs as [Operand, Operand];
  const out = call.outputs[0]!;
  const [outer, count, inner] = out.shape as [number, number, number];
  const n = x.shape[1]!;
  const size = outer * count * inner;
  const grid = gridFor(Math.ceil(size / THREADS), call.target);
  return {
    label: `gather ${outer}x${n}x${inner}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    body: wgsl`
let at = ${linearIndex(grid, THREADS)};
if (at < ${size}u) {
let i = at % ${inner}u;
let k = (at / ${inner}u) % ${count}u;
let o = at / ${inner * count}u;
let found = ${index.at(["o", "k", "i"])};
#if ${call.attrs.trusted !== true}
if (found < 0 || found >= ${n}) { ${call.attrs.trusted === true ? "" : call.report(outside("gather", n))} }
#endif
let j = u32(clamp(found, 0, ${n - 1}));
let value = ${x.at(["o", "j", "i"])};
${out.store(["o", "k", "i"], "value")}
}`,
  };
}

/**
 * out[o, j, i] = Σ over k with index[o, k, i] = j of g[o, k, i]; out [outer, n, inner]. A thread
 * makes `run` neighbours along the last axis and adds in the order of k, so that the sum is the
 * same in every run: no atomics. An index outside the axis is dropped (its reader reported it).
 */
export function scatterAddKernel(call: KernelCall): KernelSource {
  const [g, index] = call.inputs as [Operand, Operand];
  const out = call.outputs[0]!;
  const [outer, n, inner] = out.shape as [number, number, number];
  const count = g.shape[1]!;
  // One comparison serves a whole run of neighbours where the index does not depend on them.
  const shared = index.strides[2] === 0 || inner === 1;
  const run = call.target.software && shared ? Math.min(inner, 16) : 1;
  const runs = Math.ceil(inner / run);
  const size = outer * n * runs;
  const grid = gridFor(Math.ceil(size / THREADS), call.target);
  return {
    label: `scatterAdd ${outer}x${n}x${inner}`,
    workgroupSize: [THREADS, 1, 1],
    workgroups: grid,
    body: wgsl`
let at = ${linearIndex(grid, THREADS)};
if (at < ${size}u) {
let first = (at % ${runs}u) * ${run}u;
let end = min(first + ${run}u, ${inner}u);
let j = (at / ${runs}u) % ${n}u;
let o = at / ${runs * n}u;
var sums: array<f32, ${run}>;
for (var k = 0u; k < ${count}u; k++) {
  if (${index.at(["o", "k", "first"])} == i32(j)) {
    for (var i = first; i < end; i++) { sums[i - first] += ${g.at(["o", "k", "i"])}; }
  }
}
for (var i = first; i < end; i++) { ${out.store(["o", "j", "i"], "sums[i - first]")} }
}`,
  };
}

export const outside = (op: string, n: number): string =>
  `${op}: index outside 0..${n - 1}. Keep every index at least 0 and below ${n}.`;
