import { ValueError } from "../../core/errors.ts";

/** @throws ValueError for a seed that is no whole number from 0 to 2³² - 1 */
export function checkSeed(user: string, seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return;
  throw new ValueError(
    `${user}: the seed is not a whole number from 0 to 2^32 - 1; got ${seed}. Use such a one.`,
  );
}

/**
 * A seed and a draw counter: every draw takes the next count, so no two repeat.
 * @throws ValueError for a seed that is no whole number from 0 to 2³² - 1
 */
export class Generator {
  #seed = 0;
  /** How many draws were made; part of a checkpoint. */
  draws = 0;

  constructor(seed = 0) {
    this.seed = seed;
  }

  get seed(): number {
    return this.#seed;
  }

  /** Starts the sequence of this seed anew. @throws ValueError unless 0 ≤ seed < 2³² */
  set seed(seed: number) {
    checkSeed("Generator", seed);
    this.#seed = seed;
    this.draws = 0;
  }

  /** The number of the next draw. */
  next(): number {
    const draw = this.draws;
    this.draws = (draw + 1) >>> 0;
    return draw;
  }
}

/** The `Generator` that draws use unless they are given another. */
export const defaultGenerator = new Generator(0);

/**
 * Seeds the default generator: the same calls then draw the same numbers.
 * @throws ValueError for a seed that is no whole number from 0 to 2³² - 1
 */
export const manualSeed = (seed: number): Generator => {
  defaultGenerator.seed = seed;
  return defaultGenerator;
};
