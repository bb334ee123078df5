import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { gridFor, linearWorkgroup } from "../kernel.ts";
import { helpersOf } from "../rows/rowwise.ts";
import { type AttentionAttrs, type AttentionShape, attentionShape } from "./attentionShape.ts";
import { groupSize, queryParts } from "./forward.ts";
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
 * Gradients of attention from g = d(loss)/d(out), in one launch without atomics. The weights are
 * made again from the scores and what the forward pass kept, p = e^(score - top) · inverse, and
 * with f the factors (1 where there are none) and delta = Σ g·out per query
 *   dq = scale · Σ over keys of p (f g·v - delta) k     a thread takes a query,
 *   dk = scale · Σ over queries of p (f g·v - delta) q  a thread takes a key,
 *   dv = Σ over queries of p f g                        and so here.
 * Workgroups for queries come first, then those for keys. The one result holds dq, dk and dv one
 * after the other, or is laid out as the packed input is: three results would be more than the 8
 * buffers that every device can bind.
 * Source: Dao et al. 2022, arXiv:2205.14135, algorithm 4.
 */
export function attentionBackwardKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as AttentionAttrs;
  const shapes = call.inputs.slice(1).map((x) => x.shape);
  const shape = attentionShape(shapes, attrs);
  const { declared, names } = problemIndices(shape, "problem");
  const given = attrs.packed ? 1 : 3;
  const last = call.inputs.length - 1;
  const plain = (name: string, operand: Operand) => new Rows(name, operand, attrs, names, null);
  const rows: Side = {
    call,
    shape,
    attrs,
    problem: names,
    ...queryParts(call, attrs, names, 1),
    g: plain("g", call.inputs[0] as Operand),
    out: plain("out", call.inputs[last - 1] as Operand),
    statistics: (row, place) => call.inputs[last]!.at([...names, row, place]),
    extra: attrs.extra === "none" ? undefined : call.inputs[1 + given],
  };
  const all = [rows.q, rows.k, rows.v, rows.g, rows.out].map((r) => r.declared);
  return launched(rows, [declared, ...all].join("\n"));
}

/** What both kinds of threads read. */
interface Side {
  readonly call: KernelCall;
  readonly shape: AttentionShape;
  readonly attrs: AttentionAttrs;
  readonly problem: readonly string[];
  readonly q: Rows;
  readonly k: Rows;
  readonly v: Rows;
  readonly g: Rows;
  readonly out: Rows;
  readonly statistics: (row: string, place: string) => string;
  readonly extra: Operand | undefined;
}

const product = (a: number, b: number): number => a * b;

/** Statements before a walk, the walk, and what follows it. */
interface Part {
  readonly before: string;
  readonly walk: Walk;
  readonly after: string;
}

function launched(side: Side, declared: string): KernelSource {
  const { call, shape } = side;
  const { problems, queries, keys, width, valueWidth } = shape;
  const { software } = call.target;
  const threads = groupSize(Math.max(queries, keys));
  const tile = tileRows(call, width, valueWidth, true);
  const [queryBlocks, keyBlocks] = [Math.ceil(queries / threads), Math.ceil(keys / threads)];
  const blocks = queryBlocks + keyBlocks;
  const groups = blocks * problems.reduce(product, 1);
  const workgroups = gridFor(groups, call.target);
  const text = ({ before, walk, after }: Part) => `
${before}
${software ? directWalk(walk) : tiledWalk(walk, tile, threads)}
if (inside) {
${after}
}`;
  return {
    label: `attentionBackward ${queries}x${keys}x${width}${software ? "" : " tiled"}`,
    workgroupSize: [threads, 1, 1],
    workgroups,
    globals: software ? "" : tileGlobals(tile, width, valueWidth, true),
    // The whole workgroup ends or stays, and takes one branch, so barriers may stand inside.
    body: `
let group = ${linearWorkgroup(workgroups)};
if (group >= ${groups}u) { return; }
let problem = group / ${blocks}u;
let block = group % ${blocks}u;
let group_rows = ${threads}u;
${declared}
if (block < ${queryBlocks}u) {
let first = block * group_rows;
let inside = first + lid.x < ${queries}u;
let row = min(first + lid.x, ${queries - 1}u);
${text(queryPart(side))}
} else {
let first = (block - ${queryBlocks}u) * group_rows;
let inside = first + lid.x < ${keys}u;
let key = min(first + lid.x, ${keys - 1}u);
${text(keyPart(side))}
}`,
  };
}

/** dq of one query: a walk over the keys. */
function queryPart(side: Side): Part {
  const { call, shape, attrs, problem, q, k, v, g, out, statistics, extra } = side;
  const { exp } = helpersOf(call);
  const pair = new Pair(call, extra, problem, "row");
  const { keys } = shape;
  const n = vectors(q.width);
  return {
    before: `
${q.load("x", "row")}
${lines(n, (i) => `let q${i} = x${i} * f32(${attrs.scale});`)}
${g.load("g", "row")}
${out.load("o", "row")}
let delta = ${dot("g", "o", g.width)};
let top = ${statistics("row", "0u")};
let inverse = ${statistics("row", "1u")};
${pair.declared}
${lines(n, (i) => `var sum${i} = vec4<f32>(0.0);`)}`,
    walk: {
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
let weight = ${exp}(score - top) * inverse;
let slope = weight * ((${dot("g", "rb", g.width)})${pair.scaled} - delta);
${lines(n, (i) => `sum${i} += slope * ra${i};`)}`,
    },
    after: gradientRow(side, 0, q.width, "row", (i) => `sum${i} * f32(${attrs.scale})`),
  };
}

/** dk and dv of one key: a walk over the queries. */
function keyPart(side: Side): Part {
  const { call, shape, attrs, problem, q, k, v, g, out, statistics, extra } = side;
  const { exp } = helpersOf(call);
  const pair = new Pair(call, extra, problem, "key");
  const { queries } = shape;
  const [n, m] = [vectors(q.width), vectors(v.width)];
  return {
    before: `
${k.load("x", "key")}
${lines(n, (i) => `let k${i} = x${i} * f32(${attrs.scale});`)}
${v.load("v", "key")}
${pair.declared}
${lines(n, (i) => `var sum${i} = vec4<f32>(0.0);`)}
${lines(m, (i) => `var value${i} = vec4<f32>(0.0);`)}`,
    walk: {
      a: q,
      b: g,
      count: queries,
      from: attrs.causal ? "key" : "0u",
      to: `${queries}u`,
      groupFrom: attrs.causal ? "first" : "0u",
      groupTo: `${queries}u`,
      kept: {
        before: out.load("o", "j"),
        value: `vec4<f32>(${statistics("j", "0u")}, ${statistics("j", "1u")}, ${dot("rb", "o", g.width)}, 0.0)`,
      },
      body: `
${pair.skip}
let score = ${dot("k", "ra", q.width)}${pair.added};
let weight = ${exp}(score - kept.x) * kept.y;
let share = weight${pair.scaled};
let slope = weight * ((${dot("v", "rb", g.width)})${pair.scaled} - kept.z);
${lines(n, (i) => `sum${i} += slope * ra${i};`)}
${lines(m, (i) => `value${i} += share * rb${i};`)}`,
    },
    after: [
      gradientRow(side, 1, k.width, "key", (i) => `sum${i} * f32(${attrs.scale})`),
      gradientRow(side, 2, v.width, "key", (i) => `value${i}`),
    ].join("\n"),
  };
}

/** Stores a row of dq, dk or dv where it lies in the result. */
function gradientRow(
  { call, shape, attrs, problem }: Side,
  part: 0 | 1 | 2,
  width: number,
  row: string,
  value: (i: number) => string,
): string {
  const sink = call.outputs[0] as Sink;
  if (attrs.packed) {
    return storeRow(sink, width, (e) => rowIndices(problem, attrs, part, row, e), value);
  }
  const { problems, queries, keys } = shape;
  const rows = part === 0 ? queries : keys;
  const many = problems.reduce(product, 1);
  const before = [0, many * queries * shape.width, many * (queries + keys) * shape.width][part]!;
  const sizes = problems.toSpliced(attrs.rows, 0, rows);
  const indices = problem.toSpliced(attrs.rows, 0, row);
  const linear = sizes.reduce((text, size, d) => `(${text} * ${size}u + ${indices[d]})`, "0u");
  // One array of one type: two bindings of one buffer, both written, are not allowed.
  const wide = shape.width % 4 === 0 && shape.valueWidth % 4 === 0;
  const start = `let place${part} = ${before}u + ${linear} * ${width}u;`;
  const target = wide ? sink : { ...sink, vec4: false };
  return `${start}\n${storeRow(target, width, (e) => [`(place${part} + ${e})`], value)}`;
}
