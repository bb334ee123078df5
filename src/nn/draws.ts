import { defaultGenerator, Generator } from "../ops/random/random.ts";
import { normalNumber, threefry, unitNumber } from "../ops/random/threefry.ts";

/** Where random initial values come from: a seed of their own, or the next draws of a generator. */
export interface SeedOptions {
  readonly seed?: number;
  /** The default is the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

export function generatorOf({ seed, generator = defaultGenerator }: SeedOptions): Generator {
  return seed === undefined ? generator : new Generator(seed);
}

/** `size` numbers of one draw, as float32: the same bits on every device. */
export function drawOnHost(
  size: number,
  options: SeedOptions,
  number: (index: number, seed: number, draw: number) => number,
): Float32Array<ArrayBuffer> {
  const generator = generatorOf(options);
  const draw = generator.next();
  const { seed } = generator;
  const values = new Float32Array(size);
  // Not Float32Array.from, which takes twice as long: large models draw millions.
  for (let i = 0; i < size; i++) values[i] = number(i, seed, draw);
  return values;
}

export const uniformOnHost = (size: number, low: number, high: number, options: SeedOptions) =>
  drawOnHost(size, options, (index, seed, draw) => {
    return low + (high - low) * unitNumber(threefry(index, 0, seed, draw)[0]);
  });

export const normalOnHost = (size: number, mean: number, std: number, options: SeedOptions) =>
  drawOnHost(size, options, (index, seed, draw) => mean + std * normalNumber(index, seed, draw));
