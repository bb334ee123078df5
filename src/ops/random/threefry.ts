import { FEISTEL_ROUNDS, PARITY, rotations } from "../../../kernels/random/random.ts";

/**
 * Threefry2x32-20 on the host: both words of the block with counter (c0, c1) and key (k0, k1).
 * Source: Salmon, Moraes, Dror, Shaw 2011. The same bits as the kernels' version.
 */
export function threefry(c0: number, c1: number, k0: number, k1: number): [number, number] {
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  // The keys that the next injections add, in turn; initializers draw a number for each weight.
  let [now, next, last] = [k1 | 0, k0 ^ k1 ^ PARITY, k0 | 0];
  for (let s = 1; s <= 5; s++) {
    const first = s % 2 === 1 ? 0 : 4;
    for (let i = first; i < first + 4; i++) {
      const r = rotations[i]!;
      x = (x + y) | 0;
      y = ((y << r) | (y >>> (32 - r))) ^ x;
    }
    x = (x + now) | 0;
    y = (y + next + s) | 0;
    const used = now;
    now = next;
    next = last;
    last = used;
  }
  return [x >>> 0, y >>> 0];
}

/** Uniform on [0, 1): the upper 24 bits, exact in float32. */
export const unitNumber = (bits: number): number => (bits >>> 8) / 2 ** 24;

/** Standard normal from both words (Box and Muller 1958). */
export function normalNumber(index: number, seed: number, draw: number): number {
  const [first, second] = threefry(index, 0, seed, draw);
  const radius = Math.sqrt(-2 * Math.log(((first >>> 8) + 1) / 2 ** 24));
  return radius * Math.cos(2 * Math.PI * unitNumber(second));
}

/** The image of `start` under the keyed bijection of 0 … count - 1; see kernels/random.ts. */
export function permutedPlace(start: number, count: number, seed: number, draw: number): number {
  const bits = (33 - Math.clz32(Math.max(count, 2) - 1)) >> 1;
  const mask = 2 ** bits - 1;
  let place = start;
  // From outside the walk might never come in.
  if (start >= count) return start;
  do {
    let high = place >>> bits;
    let low = place & mask;
    for (let round = 1; round <= FEISTEL_ROUNDS; round++) {
      const mixed = high ^ (threefry(low, round, seed, draw)[0] & mask);
      high = low;
      low = mixed;
    }
    place = ((high << bits) | low) >>> 0;
  } while (place >= count);
  return place;
}
