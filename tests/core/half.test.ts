import { describe, expect, it } from "vitest";
import { decodeHalves, encodeHalves, roundHalf } from "../../src/core/half.ts";

const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
const isNanPattern = (half: number) => (half & 0x7fff) > 0x7c00;

/** By the definition in IEEE 754: (-1)^s · 2^(e - 15) · 1.m, or 2^-14 · 0.m where e is 0. */
function numberOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = (half & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
}

describe("float16 on the host", () => {
  it("decodes every pattern as IEEE 754 defines it", () => {
    const decoded = decodeHalves(patterns);
    const wrong = [...patterns].filter((half) => !Object.is(decoded[half], numberOf(half)));
    expect(wrong).toEqual([]);
  });

  it("encodes every number of its own as the pattern it came from", () => {
    const encoded = encodeHalves(decodeHalves(patterns));
    const wrong = [...patterns].filter((half) =>
      isNanPattern(half) ? !isNanPattern(encoded[half]!) : encoded[half] !== half,
    );
    expect(wrong).toEqual([]);
  });

  it("rounds to the nearest, halfway to the even one, between all neighbours", () => {
    const wrong: number[] = [];
    for (let half = 0; half < 0x7bff; half++) {
      const [low, high] = [numberOf(half), numberOf(half + 1)];
      const middle = (low + high) / 2; // exact in float64
      const even = half % 2 === 0 ? low : high;
      const apart = (high - low) / 1024;
      const fits =
        roundHalf(middle) === even &&
        roundHalf(middle - apart) === low &&
        roundHalf(middle + apart) === high &&
        Object.is(roundHalf(-middle), -even);
      if (!fits) wrong.push(half);
    }
    expect(wrong).toEqual([]);
  });

  it("overflows to infinity, underflows to zero and keeps signs and NaN", () => {
    const cases: [number, number][] = [
      [65504, 65504],
      [65519.999, 65504],
      [65520, Infinity],
      [-1e30, -Infinity],
      [2 ** -25, 0],
      [2 ** -25 * 1.001, 2 ** -24],
      [-1e-9, -0],
      [-0, -0],
      [Infinity, Infinity],
      [NaN, NaN],
    ];
    for (const [x, rounded] of cases) expect(roundHalf(x)).toBe(rounded);
    expect([...encodeHalves([1, -2, 65520, NaN, -0])]).toEqual([
      0x3c00, 0xc000, 0x7c00, 0x7e00, 0x8000,
    ]);
  });
});
