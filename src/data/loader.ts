import { ValueError } from "../core/errors.ts";
import { checkSeed } from "../ops/random/generator.ts";
import type { Dataset } from "./dataset.ts";
import { permutation } from "./shuffle.ts";

export interface LoaderOptions {
  readonly batchSize: number;
  /** Another order in every epoch. */
  readonly shuffle?: boolean;
  /** Decides the orders, alike on every device and runtime; the default is 0. */
  readonly seed?: number;
  /** Leaves out the last batch when it is smaller than the others. */
  readonly dropLast?: boolean;
}

/**
 * Batches of a dataset: `for (const [x, y] of loader)`, or `for await`, which also lets a page
 * breathe between batches. Each loop is one epoch.
 */
export class DataLoader<Batch> implements Iterable<Batch>, AsyncIterable<Batch> {
  readonly dataset: Dataset<Batch>;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
  /** How many epochs have begun. Set it to go on where an earlier run stopped. */
  epoch = 0;

  /** @throws ValueError when the dataset is empty or the batch size is not a positive integer */
  constructor(dataset: Dataset<Batch>, options: LoaderOptions) {
    const { batchSize, shuffle = false, seed = 0, dropLast = false } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new ValueError(
        `DataLoader: batchSize is not a positive integer; got ${batchSize}. Use 1, 32 or the like.`,
      );
    }
    if (dataset.size === 0) {
      throw new ValueError("DataLoader: the dataset is empty; got 0 samples. Give it some.");
    }
    checkSeed("DataLoader", seed);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.seed = seed;
    this.dropLast = dropLast;
  }

  /** Batches in an epoch. */
  get length(): number {
    const batches = this.dataset.size / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  *[Symbol.iterator](): Generator<Batch> {
    const order = this.#order(this.epoch++);
    for (let b = 0; b < this.length; b++) {
      yield this.dataset.batch(order.slice(b * this.batchSize, (b + 1) * this.batchSize));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    let last = performance.now();
    for (const batch of this) {
      // Promises alone never let timers and rendering have their turn.
      if (performance.now() - last > 50) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        last = performance.now();
      }
      yield batch;
    }
  }

  #order(epoch: number): Int32Array {
    const { size } = this.dataset;
    if (this.shuffle) return permutation(size, this.seed, epoch);
    return Int32Array.from({ length: size }, (_, i) => i);
  }
}
