import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** The product of matrices in plain loops, a row at a time. */
export function matmulReference({
  attrs: { ta, tb },
  inputs: [a, b],
  outputs: [spec],
  create,
}: ReferenceCall): TypedArray[] {
  const [m, n] = spec.shape.slice(-2);
  const k = a.shape.at(ta ? -2 : -1)!;
  const out = create(spec);
  const row = new Float64Array(n);
  for (let start = 0; start < out.length; start += n) {
    const [z, i] = [Math.floor(start / (m * n)), (start / n) % m];
    row.fill(0);
    for (let l = 0; l < k; l++) {
      const x = a.data[z * m * k + (ta ? l * m + i : i * k + l)];
      const first = z * k * n + (tb ? l : l * n);
      const step = tb ? k : 1;
      for (let j = 0; j < n; j++) row[j] += x * b.data[first + j * step];
    }
    out.set(row, start);
  }
  return [out];
}
