import type { KernelCall, KernelSource } from "../src/core/ir.ts";
import { gridFor, linearIndex, linearWorkgroup } from "./kernel.ts";

/** How the terms of a p-norm are made and combined. */
function norm(p: number): {
  term: (x: string) => string;
  combine: (a: string, b: string) => string;
  root: (x: string) => string;
} {
  const add = (a: string, b: string) => `${a} + ${b}`;
  if (p === Infinity) {
    return { term: (x) => `abs(${x})`, combine: (a, b) => `max(${a}, ${b})`, root: (x) => x };
  }
  if (p === 1) return { term: (x) => `abs(${x})`, combine: add, root: (x) => x };
  if (p === 2) return { term: (x) => `${x} * ${x}`, combine: add, root: (x) => `sqrt(${x})` };
  return {
    term: (x) => `pow(abs(${x}), ${p}f)`,
    combine: add,
    root: (x) => `pow(${x}, ${1 / p}f)`,
  };
}

/**
 * partial[c] = sum of |g|^p over chunk c of a flat gradient. Inputs: g [size] and a table
 * [chunks, 2] of first element and length; no chunk crosses a segment. One workgroup a chunk on
 * GPUs, one thread a chunk on software adapters, where barriers are dear.
 */
export function chunkNormKernel(call: KernelCall): KernelSource {
  const [g, table] = call.inputs;
  const [sink] = call.outputs;
  const chunks = table.shape[0];
  const { term, combine } = norm(call.attrs.p as number);
  const threads = call.target.software ? 1 : 64;
  const side = call.target.software ? 16 : 1;
  const workgroups = gridFor(Math.ceil(chunks / side), call.target);
  const chunk = threads === 1 ? linearIndex(workgroups, side) : linearWorkgroup(workgroups);
  const loop = `
var sum = 0.0;
if (chunk < ${chunks}u) {
  let start = u32(${table.at(["chunk", "0u"])});
  let end = start + u32(${table.at(["chunk", "1u"])});
  for (var i = start + ${threads === 1 ? "0u" : "lid.x"}; i < end; i += ${threads}u) {
    let x = ${g.at(["i"])};
    sum = ${combine("sum", term("x"))};
  }
}`;
  const tree = `
tree[lid.x] = sum;
workgroupBarrier();
for (var half = ${threads / 2}u; half > 0u; half >>= 1u) {
  if (lid.x < half) { tree[lid.x] = ${combine("tree[lid.x]", "tree[lid.x + half]")}; }
  // Every pair is combined before the next, shorter row is read.
  workgroupBarrier();
}
sum = tree[0];`;
  return {
    label: "gradient norms, chunks",
    workgroupSize: [threads === 1 ? side : threads, 1, 1],
    workgroups,
    globals: threads === 1 ? "" : `var<workgroup> tree: array<f32, ${threads}>;`,
    body: `
let chunk = ${chunk};
${loop}
${threads === 1 ? "" : tree}
if (chunk < ${chunks}u${threads === 1 ? "" : " && lid.x == 0u"}) {
  ${sink.store(["chunk"], "sum")}
}`,
  };
}

/**
 * Norms of all segments and of everything, from the chunks' partial sums: a thread a segment, one
 * more for the total. Inputs: partial [chunks] and a table [segments + 1, 2] of first chunk and
 * number of chunks, whose last row is the total.
 */
export function segmentNormKernel(call: KernelCall): KernelSource {
  const [partial, table] = call.inputs;
  const [total, each] = call.outputs;
  const rows = table.shape[0];
  const { combine, root } = norm(call.attrs.p as number);
  const threads = 64;
  const workgroups = gridFor(Math.ceil(rows / threads), call.target);
  return {
    label: "gradient norms",
    workgroupSize: [threads, 1, 1],
    workgroups,
    body: `
let row = ${linearIndex(workgroups, threads)};
if (row >= ${rows}u) { return; }
let start = u32(${table.at(["row", "0u"])});
let end = start + u32(${table.at(["row", "1u"])});
var sum = 0.0;
for (var i = start; i < end; i++) {
  let x = ${partial.at(["i"])};
  sum = ${combine("sum", "x")};
}
let norm = ${root("sum")};
if (row == ${rows - 1}u) {
  ${total.wanted ? total.store([], "norm") : ""}
} else {
  ${each.wanted ? each.store(["row"], "norm") : ""}
}`,
  };
}
