import type { DType, TypedArray } from "./dtype.ts";
import type { Executable, Program } from "./ir.ts";
import type { DeviceHandle, Storage } from "./node.ts";

/** Whether kernels' variants are timed on the device: not, those without a record, or all anew. */
export type TuneMode = "off" | "on" | "full";

/** What the tuner has decided up to now; `hash` names it, so that a checkpoint can. */
export interface Tuning {
  readonly mode: TuneMode;
  /** Eight hexadecimal digits; "" where nothing is tuned. */
  readonly hash: string;
  /** The fastest variant's name, by class of shapes. */
  readonly winners: Readonly<Record<string, string>>;
}

export const UNTUNED: Tuning = { mode: "off", hash: "", winners: {} };

/** What both devices offer to the tensor layer. */
export interface DeviceApi extends DeviceHandle {
  /** One printed line: which device runs, and whether it is a software adapter. */
  readonly line: string;
  readonly software: boolean;
  readonly precision: "float32" | "float64";
  /** Whether it holds float16 tensors: WebGPU needs an adapter with `shader-f16`. */
  readonly hasFloat16: boolean;
  readonly tuning: Tuning;
  /** Makes a program ready to run; the caller keeps it. */
  load(program: Program): Executable;
  /** Copies host values to the device at once; the caller may change its array afterwards. */
  upload(values: ArrayLike<number>, dtype: DType): Storage;
  /** Zeroed memory for `size` elements. A long-lived one gets a buffer of its own. */
  allocate(size: number, dtype: DType, use: "result" | "variable"): Storage;
  /** A part of a storage, from element `start` on; shares its memory. */
  segment(storage: Storage, start: number, size: number): Storage;
  /** The same bytes as another version: the old object can go stale by itself. */
  again(storage: Storage): Storage;
  free(storage: Storage): void;
  read(storage: Storage, size: number, dtype: DType): Promise<TypedArray>;
  /** Runs enqueued by `enqueue` go along with the next run, in one submit. */
  joinNext(enqueue: () => void): void;
  /**
   * Resolves when fewer than a few runs are in flight; rejects with what went wrong before. Null
   * where there is nothing to wait for or to tell.
   */
  settle(): Promise<void> | null;
  /** Frees all; later use is an error. */
  destroy(): void;
}
