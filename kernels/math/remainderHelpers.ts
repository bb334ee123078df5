import { defineHelper, isNanHelper, nanHelper } from "./floatHelpers.ts";

/**
 * Remainders of floats, exact: WGSL's % is a - b·trunc(a / b), which is wrong by up to b where the
 * rounded quotient passes a whole number, and by anything where it is large.
 */

/** One element at a time, as a loop's length depends on the values. */
const each = (fn: string): string =>
  `vec4<f32>(${["x", "y", "z", "w"].map((c) => `${fn}(a.${c}, b.${c})`)})`;

/**
 * a - b·trunc(a / b) by long division of the significands, eight bits a turn: exponents differ by
 * 253 at most. NaN for an infinite a and for b = 0; a itself for an infinite b.
 */
const exactHelper = (fn: string): string => `fn ${fn}(a: f32, b: f32) -> f32 {
  let ua = bitcast<u32>(a) & 0x7fffffffu;
  let ub = bitcast<u32>(b) & 0x7fffffffu;
  if (ua >= 0x7f800000u || ub > 0x7f800000u || ub == 0u) {
    return bitcast<f32>(ua | 0x7fc00000u);
  }
  if (ua < ub) { return a; }
  let ea = max(i32(ua >> 23u), 1);
  let eb = max(i32(ub >> 23u), 1);
  let ma = (ua & 0x7fffffu) | select(0u, 0x800000u, ua >= 0x800000u);
  let mb = (ub & 0x7fffffu) | select(0u, 0x800000u, ub >= 0x800000u);
  var rest = ma % mb;
  var left = ea - eb;
  for (var i = 0; i < 32; i++) {
    if (left <= 0 || rest == 0u) { break; }
    let bits = min(left, 8);
    rest = (rest << u32(bits)) % mb;
    left -= bits;
  }
  // rest·2^(eb - 150); the smallest powers of two are no normal numbers, so they come in two.
  let lift = select(0, 64, eb < 24);
  let scale = bitcast<f32>(u32(eb - 23 + lift) << 23u);
  let value = f32(rest) * scale * select(1.0, 5.421010862427522e-20, lift > 0);
  return bitcast<f32>(bitcast<u32>(value) | (bitcast<u32>(a) & 0x80000000u));
}`;

/** The remainder with the sign of a. */
export const fmodHelper = defineHelper("fmod_exact", (fn, { F }) => {
  if (F === "f32") return exactHelper(fn);
  const inner = `${fn}_element`;
  return `${exactHelper(inner)}
fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  return ${each(inner)};
}`;
});

/** The remainder with the sign of b. */
export const remainderHelper = defineHelper(
  "remainder_exact",
  (fn, { F, name }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  let r = ${name(fmodHelper)}(a, b);
  let other = (r != ${F}(0.0)) & ((r < ${F}(0.0)) != (b < ${F}(0.0)));
  let y = select(r, r + b, other);
  return select(y, r, ${name(isNanHelper)}(r));
}`,
);

/** trunc(a / b): from the exact remainder where there is one, so that no rounding goes past. */
export const truncQuotientHelper = defineHelper(
  "trunc_quotient",
  (fn, { F, name }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  let r = ${name(fmodHelper)}(a, b);
  return select(round((a - r) / b), trunc(a / b), ${name(isNanHelper)}(r));
}`,
);

/** ⌊a / b⌋; a / b for b = 0, NaN for an infinite a. */
export const floorQuotientHelper = defineHelper(
  "floor_quotient",
  (fn, { F, name }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  let r = ${name(fmodHelper)}(a, b);
  let other = (r != ${F}(0.0)) & ((r < ${F}(0.0)) != (b < ${F}(0.0)));
  let q = round((a - r) / b) - select(${F}(0.0), ${F}(1.0), other);
  let y = select(q, ${name(nanHelper)}(a), ${name(isNanHelper)}(r));
  return select(y, a / b, b == ${F}(0.0));
}`,
);
