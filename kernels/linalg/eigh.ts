import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../../src/core/ir.ts";
import { identity, pairsOf, pairText, placeText, sweepText, turn } from "./planeTurns.ts";
import { arrays, load, perMatrix, pitchOf, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * A V = V diag(λ), A [z, n, n] symmetric, of which one triangle is read; λ ascending. Outputs: λ
 * [z, n], V [z, n, n] with orthonormal columns.
 */
export function eighKernel(call: KernelCall): KernelSource {
  const [x] = call.inputs as [Operand];
  const [values, vectors] = call.outputs as [Sink, Sink];
  const [count, n] = x.shape as [number, number];
  const [pitch, pairs] = [pitchOf(n), pairsOf(n)];
  const small = smallMatrix(call, n * pairs);
  const { sync } = small;
  const one = (r: string, c: string) => `a[${r} * ${pitch}u + ${c}]`;
  const triangle: Operand = {
    ...x,
    at: ([z, r, c]) =>
      call.attrs.upper === true
        ? x.at([z!, `min(${r}, ${c})`, `max(${r}, ${c})`])
        : x.at([z!, `max(${r}, ${c})`, `min(${r}, ${c})`]),
  };
  const choose = wgsl`let pair = pair_of(pass_at, h);
let p = pair.x;
let q = pair.y;
turns[h] = vec2<f32>(1.0, 0.0);
if (q < ${n}u) {
  let off = ${one("p", "q")};
  let size = abs(${one("p", "p")}) + abs(${one("q", "q")});
  if (!(abs(off) <= 1e-9 * size)) { turns[h] = turn_of(${one("p", "p")}, ${one("q", "q")}, off); }
  if (abs(off) > 1e-6 * size) { moved = true; }
}`;
  const columns = wgsl`let i = e / ${pairs}u;
let pair = pair_of(pass_at, e % ${pairs}u);
let cs = turns[e % ${pairs}u];
if (pair.y < ${n}u) {
  ${turn(one("i", "pair.x"), one("i", "pair.y"))}
  ${turn(`v[i * ${pitch}u + pair.x]`, `v[i * ${pitch}u + pair.y]`)}
}`;
  const rows = wgsl`let j = e % ${n}u;
let pair = pair_of(pass_at, e / ${n}u);
let cs = turns[e / ${n}u];
if (pair.y < ${n}u && cs.y != 0.0) {
  ${turn(one("pair.x", "j"), one("pair.y", "j"))}
  if (j == pair.y) { ${one("pair.x", "j")} = 0.0; }
  if (j == pair.x) { ${one("pair.y", "j")} = 0.0; }
}`;
  const round = `${spread(small, "h", `${pairs}u`, choose)}
${sync} // the turns are known
${spread(small, "e", `${n * pairs}u`, columns)}
${sync} // the columns are turned
${spread(small, "e", `${n * pairs}u`, rows)}
${sync} // the rows are turned`;
  return perMatrix(call, small, {
    label: `eigh ${n}x${n}`,
    count,
    globals: `${arrays(small, {
      a: ["f32", n * pitch],
      v: ["f32", n * pitch],
      turns: ["vec2<f32>", pairs],
    })}\n${pairText(n)}`,
    body: wgsl`
${load(small, "a", triangle)}
${identity(small, n)}
${sync} // the matrix is there
${sweepText(small, n, round)}
${spread(
  small,
  "j",
  `${n}u`,
  `${placeText(n, (i, j) => `${one(i, i)} < ${one(j, j)}`)}
${values.store(["z", "place"], one("j", "j"))}
for (var i = 0u; i < ${n}u; i++) {
  ${vectors.store(["z", "i", "place"], `facing * v[i * ${pitch}u + j]`)}
}`,
)}`,
  });
}
