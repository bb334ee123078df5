import type { ConvSizes } from "../workloads/operations.ts";
import type { CnnSizes, LstmSizes, MlpSizes } from "../workloads/training.ts";

/** One case on one side, ready to run. */
export interface Runnable {
  /** Computes once: an operation, or a training step on batch `index`. A promise is awaited. */
  step(index: number): Promise<unknown> | unknown;
  /** Waits for everything and reads one number of the newest result: its first element, or the
   *  loss. Called after each block of steps. */
  read(): Promise<number>;
  /** All numbers of the newest result of an operation, in any order. */
  all?(): Promise<Float32Array>;
  /** What was found to be fastest here, for the record. */
  readonly note?: string;
}

/** GB/s of a copy, read and written; GFLOP/s of multiplications and additions in registers. */
export interface Peak {
  readonly copyGBps: number;
  readonly gflops: number;
}

type Maybe<T> = T | Promise<T>;

/** A framework, or the hand-written limit, that runs the cases. Sizes are given, so that tests run
 *  the same code on small ones. */
export interface Side {
  /** Opens WebGPU; how the adapter describes itself. */
  open(): Promise<string>;
  matmul(size: number): Maybe<Runnable>;
  batchedMatmul(batch: number, size: number): Maybe<Runnable>;
  elementwise(count: number): Maybe<Runnable>;
  sum(count: number): Maybe<Runnable>;
  softmax(size: number): Maybe<Runnable>;
  conv(sizes: ConvSizes): Maybe<Runnable>;
  /** Σ y² of the convolution y with both gradients; the result is the gradient of the weights. */
  convTrain(sizes: ConvSizes): Maybe<Runnable>;
  /** x + y + z in one launch, where the side can. */
  twoAdds(count: number): Maybe<Runnable>;
  mlp(sizes: MlpSizes): Maybe<Runnable>;
  cnn(sizes: CnnSizes): Maybe<Runnable>;
  lstm(sizes: LstmSizes): Maybe<Runnable>;
  /** What the adapter can do, by kernels that do nothing else. */
  peak?(): Promise<Peak>;
}
