import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { arrays, load, perMatrix, pitchOf, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * A = Q R by Householder reflections, A [z, m, n] with m ≥ n (Golub & Van Loan, algorithms 5.2.1
 * and 5.1.6). Outputs: Q [z, m, n], R [z, n, n], with the signs that LAPACK gives. A reflection
 * I - t v vᵀ leaves v below the diagonal; R is stored, then Q is built in the same place. Each
 * thread takes columns.
 */
export function qrKernel(call: KernelCall): KernelSource {
  const [a] = call.inputs as [Operand];
  const [q, r] = call.outputs as [Sink, Sink];
  const [count, m, n] = a.shape as [number, number, number];
  const pitch = pitchOf(n);
  const small = smallMatrix(call, n);
  const { sync } = small;
  const at = (i: string, j: string) => `a[${i} * ${pitch}u + ${j}]`;
  return perMatrix(call, small, {
    label: `qr ${m}x${n}`,
    count,
    globals: arrays(small, { a: ["f32", m * pitch], taus: ["f32", n] }),
    body: wgsl`
${load(small, "a", a)}
${sync} // the matrix is there
for (var k = 0u; k < ${n}u; k++) {
  let alpha = ${at("k", "k")};
  var top = abs(alpha);
  for (var i = k + 1u; i < ${m}u; i++) { top = max(top, abs(${at("i", "k")})); }
  let unit = select(1.0 / top, 1.0, top == 0.0);
  var rest = 0.0;
  for (var i = k + 1u; i < ${m}u; i++) { let v = ${at("i", "k")} * unit; rest += v * v; }
  let size = top * sqrt(alpha * unit * alpha * unit + rest);
  let done = rest == 0.0;
  let beta = select(select(size, -size, alpha >= 0.0), alpha, done);
  let tau = select((beta - alpha) / beta, 0.0, done);
  let scale = select(1.0 / (alpha - beta), 0.0, done);
  ${sync} // every thread has read column k
  ${spread(small, "i", `${m}u`, `${at("i", "k")} *= scale;`, "k + 1u")}
  if (lid.x == 0u) { ${at("k", "k")} = beta; taus[k] = tau; }
  ${sync} // the reflection is there
  ${spread(
    small,
    "j",
    `${n}u`,
    `var w = ${at("k", "j")};
for (var i = k + 1u; i < ${m}u; i++) { w += ${at("i", "k")} * ${at("i", "j")}; }
w *= tau;
${at("k", "j")} -= w;
for (var i = k + 1u; i < ${m}u; i++) { ${at("i", "j")} -= w * ${at("i", "k")}; }`,
    "k + 1u",
  )}
  ${sync} // it is applied to the columns behind
}
#if ${r.wanted}
${spread(
  small,
  "e",
  `${n * n}u`,
  `let i = e / ${n}u;
let j = e % ${n}u;
${r.store(["z", "i", "j"], `select(0.0, ${at("i", "j")}, i <= j)`)}`,
)}
${sync} // R is read
#endif
#if ${q.wanted}
for (var s = 0u; s < ${n}u; s++) {
  let k = ${n - 1}u - s;
  let tau = taus[k];
  ${spread(
    small,
    "j",
    `${n}u`,
    `var w = 0.0;
for (var i = k + 1u; i < ${m}u; i++) { w += ${at("i", "k")} * ${at("i", "j")}; }
w *= tau;
${at("k", "j")} = -w;
for (var i = k + 1u; i < ${m}u; i++) { ${at("i", "j")} -= w * ${at("i", "k")}; }`,
    "k + 1u",
  )}
  ${sync} // it is applied to the columns behind
  ${spread(small, "i", `${m}u`, `${at("i", "k")} *= -tau;`, "k + 1u")}
  if (lid.x == 0u) { ${at("k", "k")} = 1.0 - tau; }
  ${sync} // column k is built
}
${spread(
  small,
  "e",
  `${m * n}u`,
  `let i = e / ${n}u;
let j = e % ${n}u;
${q.store(["z", "i", "j"], at("i", "j"))}`,
)}
#endif`,
  });
}
