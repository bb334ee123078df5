import { threefry } from "../ops/random/threefry.ts";

/** Keeps these numbers apart from those that a generator of the same seed draws. */
const SHUFFLE = 0x73687566;

/**
 * A random order of 0 … size - 1, by seed and epoch alone (Fisher and Yates; Durstenfeld 1964).
 * The choice among n has a bias below n / 2³².
 */
export function permutation(size: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor((threefry(i, SHUFFLE, seed, epoch)[0] / 2 ** 32) * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
