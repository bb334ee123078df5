import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** In JavaScript's doubles powers of single-precision numbers do not overflow. */
function normOf(p: number, values: TypedArray, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) {
    const x = Math.abs(values[i]);
    sum = p === Infinity ? Math.max(sum, x) : sum + x ** p;
  }
  return p === Infinity ? sum : sum ** (1 / p);
}

export function chunkNormsReference({ attrs, inputs, outputs, create }: ReferenceCall) {
  const [g, table] = inputs;
  const out = create(outputs[0]);
  for (let c = 0; c < out.length; c++) {
    out[c] = normOf(attrs.p as number, g.data, table.data[2 * c], table.data[2 * c + 1]);
  }
  return [out];
}

export function partNormsReference({ inputs: [a, b, table], outputs, create }: ReferenceCall) {
  const out = create(outputs[0]);
  const rows = table.shape[0];
  for (let c = 0; c < 2 * rows; c++) {
    const at = 2 * (c % rows);
    const { data } = c < rows ? a : b;
    out[c] = normOf(2, data, table.data[at], table.data[at + 1]);
  }
  return [out];
}

export function segmentNormsReference({
  attrs,
  inputs: [partial, table],
  outputs,
  create,
}: ReferenceCall) {
  const p = attrs.p as number;
  const rows = table.shape[0];
  const norms = Array.from({ length: rows }, (_, row) =>
    normOf(p, partial.data, table.data[2 * row], table.data[2 * row + 1]),
  );
  const [total, each]: TypedArray[] = outputs.map(create);
  total[0] = norms[rows - 1];
  each.set(norms.slice(0, -1));
  return [total, each];
}
