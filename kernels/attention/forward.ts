import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearIndex, linearWorkgroup } from "../kernel.ts";
import { helpersOf } from "../rows/rowwise.ts";
import { type AttentionAttrs, type AttentionShape, attentionShape } from "./attentionShape.ts";
import {
  dot,
  lines,
  Pair,
  problemIndices,
  Rows,
  rowIndices,
  storeRow,
  vectors,
} from "./rowText.ts";
import { directWalk, tiledWalk, tileGlobals, tileRows, type Walk } from "./walk.ts";

/**
 * out = softmax(scale · q kᵀ + bias) v per problem, without storing the scores: a thread takes one
 * query and walks over the keys, and keeps the largest score so far, the sum of exponentials
 * relative to it and the weighted sum of values; where a larger score comes, it scales both down.
 * Output 0: out [L, Ev]; output 1: the largest score and 1 / sum of exponentials [L, 2]. A query
 * that may attend to no key gets zeros.
 * Source: Milakov, Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135.
 */
export function attentionKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as AttentionAttrs;
  const shape = attentionShape(
    call.inputs.map((x) => x.shape),
    attrs,
  );
  const { declared, names } = problemIndices(shape, "problem");
  const parts = queryParts(call, attrs, names, 0);
  const pair = new Pair(call, call.inputs[attrs.packed ? 1 : 3], names, "row");
  const query: Query = { shape, attrs, ...parts, pair };
  const before = [declared, ...declarations(query)].join("\n");
  const after = `if (inside) {\n${results(call, query, names)}\n}`;
  const label = `attention ${shape.queries}x${shape.keys}x${shape.width}`;
  const setup = setupText(call, query);
  const walk = forwardWalk(call, query);
  return call.target.software
    ? queryPerThread(call, shape, label, [before, setup, directWalk(walk), after])
    : queryBlocks(call, shape, label, walk, [before, setup, after]);
}

/** One thread's query: its problem's rows and what masks them. */
interface Query {
  readonly shape: AttentionShape;
  readonly attrs: AttentionAttrs;
  readonly q: Rows;
  readonly k: Rows;
  readonly v: Rows;
  readonly pair: Pair;
}

/** q, k and v among the inputs from number `first` on. */
export function queryParts(
  call: KernelCall,
  attrs: AttentionAttrs,
  problem: readonly string[],
  first: number,
): { q: Rows; k: Rows; v: Rows } {
  const make = (name: string, part: number) => {
    const operand = call.inputs[first + (attrs.packed ? 0 : part)] as Operand;
    return new Rows(name, operand, attrs, problem, part);
  };
  return { q: make("q", 0), k: make("k", 1), v: make("v", 2) };
}

const declarations = ({ q, k, v, pair }: Query): string[] => [
  q.declared,
  k.declared,
  v.declared,
  pair.declared,
];

/** The query, scaled, and sums that start at nothing. */
function setupText({ attrs: _ }: KernelCall, { q, v, attrs }: Query): string {
  return `
${q.load("x", "row")}
${lines(vectors(q.width), (i) => `let q${i} = x${i} * f32(${attrs.scale});`)}
var top = -3.4028234e38;
var total = 0.0;
${lines(vectors(v.width), (i) => `var sum${i} = vec4<f32>(0.0);`)}`;
}

function forwardWalk(call: KernelCall, { shape, attrs, q, k, v, pair }: Query): Walk {
  const { exp } = helpersOf(call);
  const { keys } = shape;
  const n = vectors(v.width);
  return {
    a: k,
    b: v,
    count: keys,
    from: "0u",
    to: attrs.causal ? `min(row + 1u, ${keys}u)` : `${keys}u`,
    groupFrom: "0u",
    groupTo: attrs.causal ? `min(first + group_rows, ${keys}u)` : `${keys}u`,
    body: `
${pair.skip}
let score = ${dot("q", "ra", q.width)}${pair.added};
if (score > top) {
  let shrink = ${exp}(top - score);
  total *= shrink;
${lines(n, (i) => `sum${i} *= shrink;`)}
  top = score;
}
let weight = ${exp}(score - top);
total += weight;
let share = weight${pair.scaled};
${lines(n, (i) => `sum${i} += share * rb${i};`)}`,
  };
}

function results(call: KernelCall, { v, attrs }: Query, problem: readonly string[]): string {
  const [out, statistics] = call.outputs as [Sink, Sink];
  const at = (e: string) => rowIndices(problem, attrs, null, "row", e);
  const keep = (place: string, value: string) =>
    statistics.wanted ? statistics.store([...problem, "row", place], value) : "";
  return `
let inverse = select(1.0 / total, 0.0, total == 0.0);
${out.wanted ? storeRow(out, v.width, at, (i) => `sum${i} * inverse`) : ""}
${keep("0u", "select(top, 0.0, total == 0.0)")}
${keep("1u", "inverse")}`;
}

const count = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function queryPerThread(
  call: KernelCall,
  { problems, queries }: AttentionShape,
  label: string,
  body: readonly string[],
): KernelSource {
  const threads = count(problems) * queries;
  const workgroups = gridFor(Math.ceil(threads / 64), call.target);
  return {
    label,
    workgroupSize: [64, 1, 1],
    workgroups,
    body: `
let thread = ${linearIndex(workgroups, 64)};
let inside = thread < ${threads}u;
let row = thread % ${queries}u;
let problem = min(thread / ${queries}u, ${count(problems) - 1}u);
${body.join("\n")}`,
  };
}

/** Threads of a workgroup: a problem has at least one workgroup. */
export const groupSize = (rows: number): number => (rows <= 32 ? 32 : 64);

function queryBlocks(
  call: KernelCall,
  { problems, queries }: AttentionShape,
  label: string,
  walk: Walk,
  [before, setup, after]: readonly string[],
): KernelSource {
  const threads = groupSize(queries);
  const blocks = Math.ceil(queries / threads);
  const groups = blocks * count(problems);
  const workgroups = gridFor(groups, call.target);
  const rows = tileRows(call, walk.a.width, walk.b.width, false);
  return {
    label: `${label} tiled`,
    workgroupSize: [threads, 1, 1],
    workgroups,
    globals: tileGlobals(rows, walk.a.width, walk.b.width, false),
    // The whole workgroup ends or stays, so barriers may follow.
    body: `
let group = ${linearWorkgroup(workgroups)};
if (group >= ${groups}u) { return; }
let problem = group / ${blocks}u;
let group_rows = ${threads}u;
let first = (group % ${blocks}u) * group_rows;
let inside = first + lid.x < ${queries}u;
let row = min(first + lid.x, ${queries - 1}u);
${before}
${setup}
${tiledWalk(walk, rows, threads)}
${after}`,
  };
}
