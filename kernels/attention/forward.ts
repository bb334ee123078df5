import type { KernelCall, KernelSource, Sink } from "../../src/core/ir.ts";
import { helpersOf } from "../rows/rowwise.ts";
import { type AttentionAttrs, attentionShape } from "./attentionShape.ts";
import { launch, type Part } from "./launch.ts";
import { ownedRows, Registers } from "./registers.ts";
import { Pairs, problemIndices, type Rows, rowIndices, valueRows } from "./rowText.ts";
import { keyRange } from "./walk.ts";
import { chooseWay, type Way } from "./ways.ts";

/**
 * out = softmax(scale · q kᵀ + bias) v per problem, without storing the scores: a thread walks
 * with its queries over the keys, and keeps for each the largest score so far, the sum of
 * exponentials relative to it and the weighted sum of values; where a larger score comes, it
 * scales both down. Output 0: out [L, Ev]; output 1: the largest score and 1 / sum of exponentials
 * [L, 2]. A query that may attend to no key gets zeros.
 * Source: Milakov, Gimelshein 2018, arXiv:1805.02867; Dao et al. 2022, arXiv:2205.14135.
 */
export function attentionKernel(call: KernelCall): KernelSource {
  const attrs = call.attrs as AttentionAttrs;
  const shapes = call.inputs.map((x) => x.shape);
  const shape = attentionShape(shapes, attrs);
  const { declared, names } = problemIndices(shape, "problem");
  const values = valueRows(call.inputs, attrs, names, 0);
  const { q, k, v } = values;
  const rows = [q, k, v].map((r) => r.declared);
  const way = chooseWay("attention", shape, call.target);
  const part = queryPart(call, way, names, values);
  return launch(call, "attention", shape, way, [declared, ...rows].join("\n"), [part]);
}

type Values = Readonly<Record<"q" | "k" | "v", Rows>>;

function queryPart(
  call: KernelCall,
  way: Way,
  problem: readonly string[],
  { q, k, v }: Values,
): Part {
  const attrs = call.attrs as AttentionAttrs;
  const [queries, keys] = [q.count, k.count];
  const registers = new Registers(call.target.software);
  const own = ownedRows(way, queries);
  const mask = call.inputs[attrs.packed ? 1 : 3];
  const pairs = own.map((suffix) => {
    const causal = attrs.causal && own.length > 1 ? `j <= row_${suffix}` : null;
    return new Pairs(mask, attrs, problem, { side: "query", suffix, causal });
  });
  const before = own.map(
    (s, r) => `
${pairs[r]!.declared}
${q.keep(registers, `q_${s}`, `row_${s}`, attrs.scale)}
var top_${s} = -3.4028234e38;
var total_${s} = 0.0;
${registers.declare(`sum_${s}`, v.width, () => "vec4<f32>(0.0)")}`,
  );
  return {
    rows: queries,
    own,
    before: before.join("\n"),
    walk: {
      registers,
      a: k,
      b: v,
      ...keyRange(attrs.causal, own.length, keys),
      body: () => own.map((s, r) => visited(call, registers, s, pairs[r]!, q, v)).join("\n"),
    },
    after: (s) => results(call, registers, problem, s, v.width),
  };
}

/** What query `s` makes of key `j`. */
function visited(
  call: KernelCall,
  registers: Registers,
  s: string,
  pairs: Pairs,
  q: Rows,
  v: Rows,
): string {
  const { exp } = helpersOf(call);
  const [sum, top, total] = [`sum_${s}`, `top_${s}`, `total_${s}`];
  return pairs.where(`
${registers.dot("product", q.width, `q_${s}`, "ra")}
let score = product${pairs.added};
if (score > ${top}) {
  let shrink = ${exp}(${top} - score);
  ${total} *= shrink;
  ${registers.each(v.width, ({ at }) => `${at(sum)} *= shrink;`)}
  ${top} = score;
}
let weight = ${exp}(score - ${top});
${total} += weight;
let share = weight${pairs.scaled};
${registers.each(v.width, ({ at }) => `${at(sum)} += share * ${at("rb")};`)}`);
}

function results(
  call: KernelCall,
  registers: Registers,
  problem: readonly string[],
  s: string,
  width: number,
): string {
  const [out, statistics] = call.outputs as [Sink, Sink];
  const row = `row_${s}`;
  const place = (e: string) => rowIndices(problem, call.attrs as AttentionAttrs, null, row, e);
  const keep = (which: string, value: string) =>
    statistics.wanted ? statistics.store([...problem, row, which], value) : "";
  return `
let inverse = select(1.0 / total_${s}, 0.0, total_${s} == 0.0);
${registers.store(out, width, place, ({ at }) => `${at(`sum_${s}`)} * inverse`)}
${keep("0u", `select(top_${s}, 0.0, total_${s} == 0.0)`)}
${keep("1u", "inverse")}`;
}
