import type { Helper } from "../../src/core/ir.ts";
import { defineHelper, logHelper } from "../math/floatHelpers.ts";

/**
 * Threefry2x32-20: a function of a 64-bit counter and a 64-bit key whose bits look random.
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3".
 * Integer arithmetic only, so that its bits are equal on every device.
 */

/** How far each of eight rounds rotates the second word; then they repeat. */
export const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** The parity constant of the key schedule. */
export const PARITY = 0x1bd11bda;

/** Both words of the block: `fn(c0, c1, k0, k1, which)` gives word `which`. */
export const threefryHelper: Helper = {
  name: "threefry",
  code: (lanes) => {
    const u = lanes.type("uint32");
    const rounds = Array.from({ length: 20 }, (_, i) => {
      const r = rotations[i % 8]!;
      const turned = `(y << ${u}(${r}u)) | (y >> ${u}(${32 - r}u))`;
      const round = `  x += y; y = ${turned}; y ^= x;`;
      if (i % 4 !== 3) return round;
      const s = (i + 1) / 4;
      return `${round}\n  x += key${s % 3}; y += key${(s + 1) % 3} + ${u}(${s}u);`;
    });
    return `fn ${lanes.helper("threefry")}(c0: ${u}, c1: ${u}, key0: ${u}, key1: ${u}, which: u32) -> ${u} {
  let key2 = key0 ^ key1 ^ ${u}(0x${PARITY.toString(16)}u);
  var x = c0 + key0;
  var y = c1 + key1;
${rounds.join("\n")}
  if (which == 0u) { return x; }
  return y;
}`;
  },
};

/**
 * cos 2πt for t in [0, 1), as -sin 2πu with u = ¼ - |t - ½| and the sine's series: the built-in
 * may be wrong by 5e-4.
 */
export const turnHelper: Helper = defineHelper(
  "cos_turn",
  (fn, { F }) => `fn ${fn}(t: ${F}) -> ${F} {
  let x = ${F}(6.2831855) * (${F}(0.25) - abs(t - ${F}(0.5)));
  let q = x * x;
  var p = ${F}(2.7557319e-6) - q * ${F}(2.5052108e-8);
  p = ${F}(8.3333333e-3) - q * (${F}(1.9841270e-4) - q * p);
  return -x * (${F}(1.0) - q * (${F}(0.16666667) - q * p));
}`,
);

/** Standard normal numbers from both words (Box and Muller 1958). */
export const normalHelper: Helper = defineHelper("threefry_normal", (fn, { F, U, name }) => {
  const bits = (which: 0 | 1) => `${name(threefryHelper)}(c0, ${U}(0u), key0, key1, ${which}u)`;
  return `fn ${fn}(c0: ${U}, key0: ${U}, key1: ${U}) -> ${F} {
  let a = ${F}((${bits(0)} >> ${U}(8u)) + ${U}(1u)) * ${F}(5.9604645e-8);
  let b = ${F}(${bits(1)} >> ${U}(8u)) * ${F}(5.9604645e-8);
  return sqrt(max(${F}(-2.0) * ${name(logHelper)}(a), ${F}(0.0))) * ${name(turnHelper)}(b);
}`;
});

/** Rounds of the Feistel network of `permuteHelper`. */
export const FEISTEL_ROUNDS = 8;

/**
 * A keyed bijection of 0 … count - 1: a Feistel network on the next power of four, walked until
 * it lands inside (cycle walking: Black and Rogaway 2002). Its round function is threefry.
 */
export const permuteHelper: Helper = {
  name: "random_place",
  code: (lanes) => {
    const u = lanes.type("uint32");
    const name = lanes.helper("random_place");
    const one = `fn ${name}_one(start: u32, count: u32, key0: u32, key1: u32) -> u32 {
  let bits = (33u - countLeadingZeros(max(count, 2u) - 1u)) / 2u;
  let mask = (1u << bits) - 1u;
  var place = start;
  // From outside the walk might never come in.
  if (start >= count) { return start; }
  loop {
    var high = place >> bits;
    var low = place & mask;
    for (var round = 0u; round < ${FEISTEL_ROUNDS}u; round++) {
      let mixed = high ^ (${lanes.helper("threefry_word")}(low, round + 1u, key0, key1) & mask);
      high = low;
      low = mixed;
    }
    place = (high << bits) | low;
    if (place < count) { break; }
  }
  return place;
}`;
    const args = (i: string) => `start${i}, count${i}, key0${i}, key1${i}`;
    const each =
      lanes.width === 1
        ? `${name}_one(${args("")})`
        : `${u}(${["x", "y", "z", "w"].map((i) => `${name}_one(${args(`.${i}`)})`).join(", ")})`;
    return `${one}
fn ${name}(start: ${u}, count: ${u}, key0: ${u}, key1: ${u}) -> ${u} {
  return ${each};
}`;
  },
};

/** The first word for single numbers, at whatever width the kernel works. */
export const threefryWordHelper: Helper = {
  name: "threefry_word",
  code: (lanes) =>
    threefryHelper
      .code({
        ...lanes,
        type: () => "u32",
        helper: () => lanes.helper("threefry_word"),
      })
      .replace(", which: u32)", ")")
      .replace("  if (which == 0u) { return x; }\n  return y;", "  return x;"),
};

export const unitHelper: Helper = defineHelper(
  "unit_float",
  (fn, { F, U }) => `fn ${fn}(bits: ${U}) -> ${F} {
  return ${F}(bits >> ${U}(8u)) * ${F}(5.9604645e-8);
}`,
);
