/** The distinct elements along a row that some places read at some taps. */
export class Span {
  /** The lowest of them, relative to the first place. */
  readonly low: number;
  readonly #all: readonly number[];
  readonly #mul: number;
  readonly #inc: number;

  constructor(places: readonly number[], mul: number, taps: readonly number[], inc: number) {
    this.#mul = mul;
    this.#inc = inc;
    const all = places.flatMap((j) => taps.map((k) => j * mul + k * inc));
    this.low = Math.min(...all);
    this.#all = [...new Set(all.map((at) => at - this.low))].sort((a, b) => a - b);
  }

  /** From the lowest element to what place j reads at tap k. */
  distance(j: number, k: number): number {
    return j * this.#mul + k * this.#inc - this.low;
  }

  /** All elements, and whether some are outside 0 … size - 1 when starts go up to `furthest`. */
  reads(add: number, furthest: number, size: number) {
    return this.#all.map((distance) => {
      const at = add + this.low + distance;
      return { distance, guarded: at < 0 || at + furthest >= size };
    });
  }
}
