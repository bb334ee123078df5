import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { helpersOf } from "../rows/rowwise.ts";
import {
  type AttentionAttrs,
  type AttentionShape,
  attentionShape,
  problemCount,
} from "./attentionShape.ts";
import { launch, type Part } from "./launch.ts";
import { ownedRows, Registers, type Vector } from "./registers.ts";
import { Pairs, problemIndices, Rows, rowIndices, valueRows } from "./rowText.ts";
import { keyRange } from "./walk.ts";
import { chooseWay, type Way } from "./ways.ts";

/**
 * Gradients of attention from g = d(loss)/d(out), in one launch without atomics. The weights are
 * made again from the scores and what the forward pass kept, p = e^(score - top) · inverse, and
 * with f the factors (1 where there are none) and delta = Σ g·out per query
 *   dq = scale · Σ over keys of p (f g·v - delta) k     by threads that own queries,
 *   dk = scale · Σ over queries of p (f g·v - delta) q  by threads that own keys,
 *   dv = Σ over queries of p f g                        and so here.
 * The one result holds dq, dk and dv one after the other, or is laid out as the packed input is:
 * three results would be more than the 8 buffers that every device can bind.
 * Source: Dao et al. 2022, arXiv:2205.14135, algorithm 4.
 */
export function attentionBackwardKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as AttentionAttrs;
  const shapes = call.inputs.slice(1).map((x) => x.shape);
  const shape = attentionShape(shapes, attrs);
  const { declared, names } = problemIndices(shape, "problem");
  const last = call.inputs.length - 1;
  const plain = (name: string, at: number) =>
    new Rows(name, call.inputs[at] as Operand, attrs, names, null);
  const side: Side = {
    call,
    way: chooseWay("attentionBackward", shape, call.target),
    registers: new Registers(call.target.software),
    shape,
    attrs,
    problem: names,
    ...valueRows(call.inputs, attrs, names, 1),
    g: plain("g", 0),
    out: plain("out", last - 1),
    statistics: (row, place) => call.inputs[last]!.at([...names, row, place]),
    mask: attrs.extra === "none" ? undefined : call.inputs[attrs.packed ? 2 : 4],
  };
  const all = [side.q, side.k, side.v, side.g, side.out].map((r) => r.declared);
  const parts = [queryPart(side), keyPart(side)];
  return launch(call, "attentionBackward", shape, side.way, [declared, ...all].join("\n"), parts);
}

/** What both kinds of threads read. */
interface Side {
  readonly call: KernelCall;
  readonly way: Way;
  readonly registers: Registers;
  readonly shape: AttentionShape;
  readonly attrs: AttentionAttrs;
  readonly problem: readonly string[];
  readonly q: Rows;
  readonly k: Rows;
  readonly v: Rows;
  readonly g: Rows;
  readonly out: Rows;
  readonly statistics: (row: string, place: string) => string;
  readonly mask: Operand | undefined;
}

const ZEROS = () => "vec4<f32>(0.0)";

function pairsOf(side: Side, own: readonly string[], kind: "query" | "key"): Pairs[] {
  const { attrs, problem, mask } = side;
  const order = kind === "query" ? "<=" : ">=";
  return own.map((suffix) => {
    const causal = attrs.causal && own.length > 1 ? `j ${order} row_${suffix}` : null;
    return new Pairs(mask, attrs, problem, { side: kind, suffix, causal });
  });
}

/** dq of queries: a walk over the keys. */
function queryPart(side: Side): Part {
  const { call, way, registers, shape, attrs, q, k, v, g, out, statistics } = side;
  const { exp } = helpersOf(call);
  const own = ownedRows(way, shape.queries);
  const pairs = pairsOf(side, own, "query");
  const { keys } = shape;
  const before = own.map(
    (s, r) => `
${pairs[r]!.declared}
${q.keep(registers, `q_${s}`, `row_${s}`, attrs.scale)}
${g.keep(registers, `g_${s}`, `row_${s}`)}
${out.load(registers, `o_${s}`, `row_${s}`)}
${registers.dot(`delta_${s}`, g.width, `g_${s}`, `o_${s}`)}
let top_${s} = ${statistics(`row_${s}`, "0u")};
let inverse_${s} = ${statistics(`row_${s}`, "1u")};
${registers.declare(`sum_${s}`, q.width, ZEROS)}`,
  );
  const visited = (s: string, pair: Pairs) =>
    pair.where(`
${registers.dot("product", q.width, `q_${s}`, "ra")}
let score = product${pair.added};
let weight = ${exp}(score - top_${s}) * inverse_${s};
${registers.dot("toValue", g.width, `g_${s}`, "rb")}
let slope = weight * (toValue${pair.scaled} - delta_${s});
${registers.each(q.width, ({ at }) => `${at(`sum_${s}`)} += slope * ${at("ra")};`)}`);
  return {
    rows: shape.queries,
    own,
    before: before.join("\n"),
    walk: {
      registers,
      a: k,
      b: v,
      ...keyRange(attrs.causal, own.length, keys),
      body: () => own.map((s, r) => visited(s, pairs[r]!)).join("\n"),
    },
    after: (s) => gradientRow(side, 0, q.width, s, scaled(`sum_${s}`, attrs.scale)),
  };
}

const scaled =
  (name: string, scale: number) =>
  ({ at }: Vector): string =>
    `${at(name)} * f32(${scale})`;

/** dk and dv of keys: a walk over the queries. */
function keyPart(side: Side): Part {
  const { call, way, registers, shape, attrs, q, k, v, g, out, statistics } = side;
  const { exp } = helpersOf(call);
  const own = ownedRows(way, shape.keys);
  const pairs = pairsOf(side, own, "key");
  const before = own.map(
    (s, r) => `
${pairs[r]!.declared}
${k.keep(registers, `k_${s}`, `row_${s}`, attrs.scale)}
${v.keep(registers, `v_${s}`, `row_${s}`)}
${registers.declare(`sum_${s}`, q.width, ZEROS)}
${registers.declare(`value_${s}`, v.width, ZEROS)}`,
  );
  const visited = (s: string, pair: Pairs) =>
    pair.where(`
${registers.dot("product", q.width, `k_${s}`, "ra")}
let score = product${pair.added};
let weight = ${exp}(score - kept.x) * kept.y;
let share = weight${pair.scaled};
${registers.dot("toValue", g.width, `v_${s}`, "rb")}
let slope = weight * (toValue${pair.scaled} - kept.z);
${registers.each(q.width, ({ at }) => `${at(`sum_${s}`)} += slope * ${at("ra")};`)}
${registers.each(v.width, ({ at }) => `${at(`value_${s}`)} += share * ${at("rb")};`)}`);
  return {
    rows: shape.keys,
    own,
    before: before.join("\n"),
    walk: {
      registers,
      a: q,
      b: g,
      from: attrs.causal ? "first" : "0u",
      to: `${shape.queries}u`,
      groupFrom: attrs.causal ? "block_first" : "0u",
      groupTo: () => `${shape.queries}u`,
      kept: {
        before: () =>
          `${out.load(registers, "o", "j")}\n${registers.dot("delta", g.width, "rb", "o")}`,
        value: `vec4<f32>(${statistics("j", "0u")}, ${statistics("j", "1u")}, delta, 0.0)`,
      },
      body: () => own.map((s, r) => visited(s, pairs[r]!)).join("\n"),
    },
    after: (s) =>
      [
        gradientRow(side, 1, k.width, s, scaled(`sum_${s}`, attrs.scale)),
        gradientRow(side, 2, v.width, s, ({ at }) => at(`value_${s}`)),
      ].join("\n"),
  };
}

/** Stores a row of dq, dk or dv where it lies in the result. */
function gradientRow(
  { call, registers, shape, attrs, problem }: Side,
  part: 0 | 1 | 2,
  width: number,
  s: string,
  value: (vector: Vector) => string,
): string {
  const sink = call.outputs[0] as Sink;
  const row = `row_${s}`;
  if (attrs.packed) {
    return registers.store(sink, width, (e) => rowIndices(problem, attrs, part, row, e), value);
  }
  const { problems, queries, keys } = shape;
  const many = problemCount(shape);
  const before = [0, many * queries * shape.width, many * (queries + keys) * shape.width][part]!;
  const sizes = problems.toSpliced(attrs.rows, 0, part === 0 ? queries : keys);
  const indices = problem.toSpliced(attrs.rows, 0, row);
  const linear = sizes.reduce((text, size, d) => `(${text} * ${size}u + ${indices[d]})`, "0u");
  // One array of one type: two bindings of one buffer, both written, are not allowed.
  const wide = shape.width % 4 === 0 && shape.valueWidth % 4 === 0;
  const start = `let place${part} = ${before}u + ${linear} * ${width}u;`;
  const target = wide ? sink : { ...sink, vec4: false };
  return `${start}\n${registers.store(target, width, (e) => [`(place${part} + ${e})`], value)}`;
}
