import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { KernelCall, KernelSource, Operand, Sink } from "../src/core/ir.ts";
import { load, perMatrix, pitchOf, type SmallMatrix, smallMatrix, spread } from "./smallMatrix.ts";

/**
 * Eigenvalues and singular values by plane rotations (Jacobi 1846; Golub & Van Loan, sections 8.5
 * and 8.6.3). A round turns disjoint pairs of columns, as in a tournament; a sweep is as many
 * rounds as it takes for all pairs to meet. So many sweeps suffice for float32:
 */
const SWEEPS = 12;

/** Pairs of a round, where an odd number has a free one. */
const pairsOf = (n: number): number => Math.ceil(n / 2);

const pairText = (n: number): string => {
  const last = 2 * pairsOf(n) - 1;
  return wgsl`
fn pair_of(round: u32, h: u32) -> vec2<u32> {
  var a = round;
  var b = ${last}u;
  if (h > 0u) { a = (round + h) % ${last}u; b = (round + ${last}u - h) % ${last}u; }
  return vec2<u32>(min(a, b), max(a, b));
}
fn turn_of(p: f32, q: f32, pq: f32) -> vec2<f32> {
  let theta = (q - p) / (2.0 * pq);
  let t = select(-1.0, 1.0, theta >= 0.0) / (abs(theta) + sqrt(theta * theta + 1.0));
  let c = inverseSqrt(t * t + 1.0);
  return vec2<f32>(c, t * c);
}`;
};

/** WGSL of a turn of elements p and q: x_p = c x_p - s x_q, x_q = s x_p + c x_q. */
const turn = (p: string, q: string): string => `{
let held = ${p};
${p} = cs.x * held - cs.y * ${q};
${q} = cs.y * held + cs.x * ${q};
}`;

/** One thread alone can stop when a sweep has changed next to nothing. */
const stop = ({ threads }: SmallMatrix): string => (threads === 1 ? "if (!moved) { break; }" : "");

const sweepText = (small: SmallMatrix, n: number, round: string): string => wgsl`
for (var sweep = 0u; sweep < ${SWEEPS}u; sweep++) {
  var moved = false;
  for (var round = 0u; round < ${2 * pairsOf(n) - 1}u; round++) {
${round}
  }
  ${stop(small)}
}`;

const identity = (small: SmallMatrix, n: number): string =>
  spread(
    small,
    "e",
    `${n * n}u`,
    wgsl`let r = e / ${n}u;
let c = e % ${n}u;
v[r * ${pitchOf(n)}u + c] = select(0.0, 1.0, r == c);`,
  );

/** WGSL of `place`, where column j goes among all, and `sign`, that of its first large part. */
const placeText = (n: number, before: (i: string, j: string) => string): string => wgsl`
var place = 0u;
for (var i = 0u; i < ${n}u; i++) {
  let equal = !(${before("i", "j")}) && !(${before("j", "i")});
  if (${before("i", "j")} || (equal && i < j)) { place++; }
}
var top = 0.0;
for (var i = 0u; i < ${n}u; i++) { top = max(top, abs(v[i * ${pitchOf(n)}u + j])); }
var sign = 0.0;
for (var i = 0u; i < ${n}u; i++) {
  let part = v[i * ${pitchOf(n)}u + j];
  if (sign == 0.0 && abs(part) > 0.37 * top) { sign = select(-1.0, 1.0, part > 0.0); }
}`;

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
  const choose = wgsl`let pair = pair_of(round, h);
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
let pair = pair_of(round, e % ${pairs}u);
let cs = turns[e % ${pairs}u];
if (pair.y < ${n}u) {
  ${turn(one("i", "pair.x"), one("i", "pair.y"))}
  ${turn(`v[i * ${pitch}u + pair.x]`, `v[i * ${pitch}u + pair.y]`)}
}`;
  const rows = wgsl`let j = e % ${n}u;
let pair = pair_of(round, e / ${n}u);
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
    globals: `var<workgroup> a: array<f32, ${n * pitch}>;
var<workgroup> v: array<f32, ${n * pitch}>;
var<workgroup> turns: array<vec2<f32>, ${pairs}>;
${pairText(n)}`,
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
  ${vectors.store(["z", "i", "place"], `sign * v[i * ${pitch}u + j]`)}
}`,
)}`,
  });
}

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
  `let p = pair_of(round, h).x;
let q = pair_of(round, h).y;
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
    globals: `var<workgroup> a: array<f32, ${m * pitch}>;
var<workgroup> v: array<f32, ${n * pitch}>;
var<workgroup> lengths: array<f32, ${n}>;
${pairText(n)}`,
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
  ${vectors.store(["z", "i", "place"], `sign * v[i * ${pitch}u + j]`)}
}
for (var i = 0u; i < ${m}u; i++) {
  ${products.store(["z", "i", "place"], `sign * unit * ${at("i", "j")}`)}
}`,
)}`,
  });
}
