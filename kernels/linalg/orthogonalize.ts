import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { identity, pairsOf, pairText, placeText, sweepText, turn } from "./planeTurns.ts";
import { arrays, load, perMatrix, pitchOf, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * A V = W with orthogonal columns in W and in V, A [z, m, n] with m ≥ n: the lengths of W's
 * columns are the singular values, descending (Hestenes 1958). Outputs: lengths [z, n],
 * V [z, n, n], W [z, m, n].
 */
export function orthogonalizeKernel(call: KernelCall): KernelSource {
  const [x] = call.inputs as [Operand];
  const [values, vectors, products] = call.outputs as [Sink, Sink, Sink];
  const [count, m, n] = x.shape as [number, number, number];
  const [pitch, pairs] = [pitchOf(n), pairsOf(n)];
  const small = smallMatrix(call, pairs);
  const { sync } = small;
  const at = (i: string, j: string) => `a[${i} * ${pitch}u + ${j}]`;
  const round = wgsl`
${spread(
  small,
  "h",
  `${pairs}u`,
  `let p = pair_of(pass_at, h).x;
let q = pair_of(pass_at, h).y;
if (q < ${n}u) {
  var pp = 0.0;
  var qq = 0.0;
  var pq = 0.0;
  for (var i = 0u; i < ${m}u; i++) {
    pp += ${at("i", "p")} * ${at("i", "p")};
    qq += ${at("i", "q")} * ${at("i", "q")};
    pq += ${at("i", "p")} * ${at("i", "q")};
  }
  let size = sqrt(pp) * sqrt(qq);
  if (abs(pq) > 1e-6 * size) { moved = true; }
  if (!(abs(pq) <= 3e-8 * size)) {
    let cs = turn_of(pp, qq, pq);
    for (var i = 0u; i < ${m}u; i++) ${turn(at("i", "p"), at("i", "q"))}
    for (var i = 0u; i < ${n}u; i++) ${turn(`v[i * ${pitch}u + p]`, `v[i * ${pitch}u + q]`)}
  }
}`,
)}
${sync} // this round's columns are turned`;
  return perMatrix(call, small, {
    label: `svd ${m}x${n}`,
    count,
    globals: `${arrays(small, {
      a: ["f32", m * pitch],
      v: ["f32", n * pitch],
      lengths: ["f32", n],
    })}\n${pairText(n)}`,
    body: wgsl`
${load(small, "a", x)}
${identity(small, n)}
${sync} // the matrix is there
var largest = 0.0;
for (var i = 0u; i < ${m}u; i++) {
  for (var j = 0u; j < ${n}u; j++) { largest = max(largest, abs(${at("i", "j")})); }
}
let unit = select(1.0, largest, largest > 0.0);
${sync} // every thread knows the scale
${spread(small, "e", `${m * pitch}u`, "a[e] = a[e] / unit;")}
${sync} // no square of an element can overflow
${sweepText(small, n, round)}
${spread(
  small,
  "j",
  `${n}u`,
  `var square = 0.0;
for (var i = 0u; i < ${m}u; i++) { square += ${at("i", "j")} * ${at("i", "j")}; }
lengths[j] = sqrt(square);`,
)}
${sync} // all lengths are known
${spread(
  small,
  "j",
  `${n}u`,
  `${placeText(n, (i, j) => `lengths[${i}] > lengths[${j}]`)}
${values.store(["z", "place"], "unit * lengths[j]")}
for (var i = 0u; i < ${n}u; i++) {
  ${vectors.store(["z", "i", "place"], `facing * v[i * ${pitch}u + j]`)}
}
for (var i = 0u; i < ${m}u; i++) {
  ${products.store(["z", "i", "place"], `facing * unit * ${at("i", "j")}`)}
}`,
)}`,
  });
}
