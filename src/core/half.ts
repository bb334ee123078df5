/**
 * IEEE 754 binary16 (1 sign, 5 exponent, 10 mantissa bits) on the host, for runtimes without
 * `Float16Array`.
 */

const LARGEST_EXPONENT = 0x1f;
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** The half of a double with its sign and exponent: every machine with WebGPU is little-endian. */
const HIGH = 1;

/** The nearest float16: halves go to the even one, from 65520 on all is infinite. */
export function roundHalf(x: number): number {
  const size = Math.abs(x);
  if (!(size < 65520)) return size >= 65520 ? Math.sign(x) * Number.POSITIVE_INFINITY : x;
  double[0] = x;
  // Below 2^-14 numbers are subnormal: their distance stays 2^-24.
  const exponent = Math.max(((words[HIGH]! >>> 20) & 0x7ff) - 1023, -14);
  // A double this large has no place for what float16 has none for.
  const large = 1.5 * 2 ** (exponent + 42);
  const rounded = x + large - large;
  return rounded === 0 ? 0 * x : rounded;
}

/** Rounds in place. */
export function roundHalves(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = roundHalf(values[i]!);
}

/** Numbers as float16 bit patterns. */
export function encodeHalves(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const bits = new Uint16Array(values.length);
  const single = new Float32Array(1);
  const word = new Uint32Array(single.buffer);
  for (let i = 0; i < bits.length; i++) {
    single[0] = roundHalf(values[i]!);
    const sign = (word[0]! >>> 16) & 0x8000;
    const size = Math.abs(single[0]);
    if (Number.isNaN(size)) bits[i] = sign | 0x7e00;
    else if (size === Number.POSITIVE_INFINITY) bits[i] = sign | 0x7c00;
    else if (size < 2 ** -14) bits[i] = sign | (size * 2 ** 24);
    else bits[i] = sign | (((word[0]! >>> 13) - 0x1c000) & 0x7fff);
  }
  return bits;
}

/** The numbers of float16 bit patterns; NaN payloads survive. */
export function decodeHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  return new Float32Array(Uint32Array.from(bits, (half) => singleBits(half) >>> 0).buffer);
}

/** A float16 as the bits of the same float32. */
function singleBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & LARGEST_EXPONENT;
  const mantissa = half & 0x3ff;
  if (exponent === LARGEST_EXPONENT) return sign | 0x7f80_0000 | (mantissa << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (mantissa << 13);
  if (mantissa === 0) return sign;
  // Subnormal: the highest set bit becomes the hidden one.
  const shift = Math.clz32(mantissa) - 21;
  return sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13);
}
