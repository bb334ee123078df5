import {
  type AttentionAttrs,
  type AttentionShape,
  attentionShape,
} from "../../../kernels/attention/attentionShape.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { sizeOf } from "../../core/shape.ts";

/** The rows of one side: where row `row` of problem `problem` begins. */
type Place = (problem: number, row: number) => number;

/** `part` is 0, 1, 2 for q, k, v in a packed tensor, null elsewhere. */
function placesOf(
  { problems }: AttentionShape,
  { rows, packed }: AttentionAttrs,
  part: number | null,
  count: number,
  width: number,
): Place {
  const inner = sizeOf(problems.slice(rows));
  const heads = problems.at(-1) ?? 1;
  return (problem, row) => {
    const [outer, within] = [Math.floor(problem / inner), problem % inner];
    const flat = (outer * count + row) * inner + within;
    if (!packed || part === null) return flat * width;
    return ((Math.floor(flat / heads) * 3 + part) * heads + (flat % heads)) * width;
  };
}

interface Side {
  readonly data: TypedArray;
  readonly place: Place;
}

/** q, k and v, what masks the pairs, and the scores. */
function prepared(
  { inputs }: Pick<ReferenceCall, "inputs">,
  attrs: AttentionAttrs,
  shape: AttentionShape,
) {
  const { queries, keys, width, valueWidth } = shape;
  const side = (part: number, count: number, size: number): Side => ({
    data: inputs[attrs.packed ? 0 : part]!.data,
    place: placesOf(shape, attrs, part, count, size),
  });
  const [q, k, v] = [side(0, queries, width), side(1, keys, width), side(2, keys, valueWidth)];
  const pairs = inputs[attrs.packed ? 1 : 3]?.data;
  const { extra, causal, scale } = attrs;
  const pair = (problem: number, i: number, j: number): number =>
    extra === "none" ? 0 : pairs![(problem * queries + i) * keys + j]!;
  /** The score, or -Infinity where the query may not attend to the key. */
  const score = (problem: number, i: number, j: number): number => {
    const x = pair(problem, i, j);
    if (causal && j > i) return -Infinity;
    if (extra === "allowed" && x === 0) return -Infinity;
    if (extra === "blocked" && x !== 0) return -Infinity;
    if (extra === "factor" && x < 0) return -Infinity;
    const product = dot(q.data, q.place(problem, i), k.data, k.place(problem, j), width);
    return scale * product + (extra === "bias" ? x : 0);
  };
  const factor = (problem: number, i: number, j: number): number =>
    extra === "factor" ? pair(problem, i, j) : 1;
  return { q, k, v, score, factor };
}

function dot(a: TypedArray, i: number, b: TypedArray, j: number, count: number): number {
  let total = 0;
  for (let e = 0; e < count; e++) total += a[i + e]! * b[j + e]!;
  return total;
}

function addScaled(
  out: TypedArray,
  at: number,
  factor: number,
  { data }: Side,
  from: number,
  count: number,
): void {
  for (let e = 0; e < count; e++) out[at + e] = out[at + e]! + factor * data[from + e]!;
}

export function attentionReference(call: ReferenceCall): TypedArray[] {
  const attrs = call.attrs as AttentionAttrs;
  const shape = attentionShape(
    call.inputs.map((x) => x.shape),
    attrs,
  );
  const { problems, queries, keys, valueWidth } = shape;
  const { v, score, factor } = prepared(call, attrs, shape);
  const [out, statistics] = call.outputs.map(call.create) as [TypedArray, TypedArray];
  const place = placesOf(shape, attrs, null, queries, valueWidth);
  for (let problem = 0; problem < sizeOf(problems); problem++) {
    for (let i = 0; i < queries; i++) {
      const scores = Array.from({ length: keys }, (_, j) => score(problem, i, j));
      const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      if (top === -Infinity) continue;
      const total = scores.reduce((sum, x) => sum + Math.exp(x - top), 0);
      for (const [j, x] of scores.entries()) {
        if (x === -Infinity) continue;
        const share = (Math.exp(x - top) / total) * factor(problem, i, j);
        addScaled(out, place(problem, i), share, v, v.place(problem, j), valueWidth);
      }
      statistics.set([top, 1 / total], 2 * (problem * queries + i));
    }
  }
  return [out, statistics];
}

/** dq, dk and dv one after the other, or as the packed input lies. */
export function attentionBackwardReference(call: ReferenceCall): TypedArray[] {
  const attrs = call.attrs as AttentionAttrs;
  const inputs = call.inputs.slice(1);
  const shapes = inputs.map((x) => x.shape);
  const shape = attentionShape(shapes, attrs);
  const { problems, queries, keys, width, valueWidth } = shape;
  const { q, k, v, score, factor } = prepared({ inputs }, attrs, shape);
  const result = call.create(call.outputs[0]!);
  const place = placesOf(shape, attrs, null, queries, valueWidth);
  const g = { data: call.inputs[0]!.data, place };
  const [out, statistics] = inputs.slice(-2).map((x) => x.data) as [TypedArray, TypedArray];
  const many = sizeOf(problems);
  const starts = attrs.packed
    ? [0, 0, 0]
    : [0, many * queries * width, many * (queries + keys) * width];
  for (let problem = 0; problem < many; problem++) {
    for (let i = 0; i < queries; i++) {
      const row = place(problem, i);
      const delta = dot(g.data, row, out, row, valueWidth);
      const kept = 2 * (problem * queries + i);
      const [top, inverse] = [statistics[kept]!, statistics[kept + 1]!];
      for (let j = 0; j < keys; j++) {
        const s = score(problem, i, j);
        if (s === -Infinity) continue;
        const weight = Math.exp(s - top) * inverse;
        const f = factor(problem, i, j);
        const [qi, kj, vj] = [q.place(problem, i), k.place(problem, j), v.place(problem, j)];
        const slope = weight * (f * dot(g.data, row, v.data, vj, valueWidth) - delta);
        addScaled(result, starts[0]! + qi, slope * attrs.scale, k, kj, width);
        addScaled(result, starts[1]! + kj, slope * attrs.scale, q, qi, width);
        addScaled(result, starts[2]! + vj, weight * f, g, row, valueWidth);
      }
    }
  }
  return [result];
}
