import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { pitchOf, type SmallMatrix, spread } from "./smallMatrix.ts";

/**
 * Eigenvalues and singular values by plane rotations (Jacobi 1846; Golub & Van Loan, sections 8.5
 * and 8.6.3). A round turns disjoint pairs of columns, as in a tournament; a sweep is as many
 * rounds as it takes for all pairs to meet. So many sweeps suffice for float32:
 */
const SWEEPS = 12;

/** Pairs of a round, where an odd number has a free one. */
export const pairsOf = (n: number): number => Math.ceil(n / 2);

export const pairText = (n: number): string => {
  const last = 2 * pairsOf(n) - 1;
  return wgsl`
fn pair_of(pass_at: u32, h: u32) -> vec2<u32> {
  var a = pass_at;
  var b = ${last}u;
  if (h > 0u) { a = (pass_at + h) % ${last}u; b = (pass_at + ${last}u - h) % ${last}u; }
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
export const turn = (p: string, q: string): string => `{
let held = ${p};
${p} = cs.x * held - cs.y * ${q};
${q} = cs.y * held + cs.x * ${q};
}`;

/** One thread alone can stop when a sweep has changed next to nothing. */
const stop = ({ threads }: SmallMatrix): string => (threads === 1 ? "if (!moved) { break; }" : "");

export const sweepText = (small: SmallMatrix, n: number, round: string): string => wgsl`
for (var sweep = 0u; sweep < ${SWEEPS}u; sweep++) {
  var moved = false;
  for (var pass_at = 0u; pass_at < ${2 * pairsOf(n) - 1}u; pass_at++) {
${round}
  }
  ${stop(small)}
}`;

export const identity = (small: SmallMatrix, n: number): string =>
  spread(
    small,
    "e",
    `${n * n}u`,
    wgsl`let r = e / ${n}u;
let c = e % ${n}u;
v[r * ${pitchOf(n)}u + c] = select(0.0, 1.0, r == c);`,
  );

/** WGSL of `place`, where column j goes among all, and `facing`, the sign of its first large part. */
export const placeText = (n: number, before: (i: string, j: string) => string): string => wgsl`
var place = 0u;
for (var i = 0u; i < ${n}u; i++) {
  let equal = !(${before("i", "j")}) && !(${before("j", "i")});
  if (${before("i", "j")} || (equal && i < j)) { place++; }
}
var top = 0.0;
for (var i = 0u; i < ${n}u; i++) { top = max(top, abs(v[i * ${pitchOf(n)}u + j])); }
var facing = 0.0;
for (var i = 0u; i < ${n}u; i++) {
  let part = v[i * ${pitchOf(n)}u + j];
  if (facing == 0.0 && abs(part) > 0.37 * top) { facing = select(-1.0, 1.0, part > 0.0); }
}`;
