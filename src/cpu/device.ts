import { type DeviceApi, UNTUNED } from "../core/device.ts";
import type { DType, TypedArray } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import type { Executable, Program } from "../core/ir.ts";
import type { Storage } from "../core/node.ts";
import { interpret } from "./reference.ts";
import {
  CpuStorage,
  createArray,
  fillFrom,
  type Precision,
  roundStored,
  usable,
} from "./storage.ts";

/** A page or a timer must get its turn at least this often, in milliseconds. */
const BREATH = 16;

/**
 * Runs graphs on the CPU by interpreting them. In float64 it is the oracle of every kernel; it is
 * also what runs where no adapter is.
 */
export class CpuDevice implements DeviceApi {
  readonly kind = "cpu";
  readonly software = true;
  readonly precision: Precision;
  readonly hasFloat16 = true;
  readonly tuning = UNTUNED;
  readonly line: string;
  #destroyed = false;
  #reported: Error | null = null;
  #breath = performance.now();

  constructor({ precision }: { precision: Precision }) {
    this.precision = precision;
    this.line = `cpu (interpreter, ${precision})`;
  }

  upload(values: ArrayLike<number>, dtype: DType): CpuStorage {
    const storage = this.allocate(values.length, dtype);
    fillFrom(storage.data, values);
    roundStored(storage.data, dtype);
    return storage;
  }

  allocate(size: number, dtype: DType, _use?: "result" | "variable"): CpuStorage {
    this.#check("allocate");
    return new CpuStorage(createArray(size, dtype, this.precision), dtype);
  }

  segment(storage: Storage, start: number, size: number): CpuStorage {
    this.#check("segment");
    const { data, dtype } = usable("segment", storage);
    if (start < 0 || start + size > data.length) {
      throw new DeviceError(
        `segment: elements ${start} to ${start + size} do not lie in the storage; got one of ` +
          `${data.length} elements. Allocate a larger one.`,
      );
    }
    return new CpuStorage(data.subarray(start, start + size), dtype);
  }

  again(storage: Storage): CpuStorage {
    this.#check("again");
    const { data, dtype } = storage as CpuStorage;
    return new CpuStorage(data, dtype);
  }

  /** The memory itself is the garbage collector's; others may still share it. */
  free(storage: Storage): void {
    storage.stale ??=
      "read: the memory was freed; got a freed storage of the cpu device. Free it after its last use.";
  }

  /** A copy of what the storage holds at this moment, whatever runs before the promise resolves. */
  async read(storage: Storage, size: number, dtype: DType): Promise<TypedArray> {
    this.#check("read");
    const { data } = usable("read", storage);
    const out = createArray(size, dtype, this.precision);
    fillFrom(out, data.length === size ? data : data.subarray(0, size));
    return out;
  }

  load(program: Program): Executable {
    this.#check("load");
    const inner = interpret(program, this.precision, (error) => {
      this.#reported ??= error;
    });
    return {
      run: (call) => {
        this.#check("run");
        inner.run(call);
      },
      free: () => inner.free(),
    };
  }

  joinNext(enqueue: () => void): void {
    enqueue();
  }

  /** Rejects with what earlier runs found wrong with their data, once. */
  async check(): Promise<void> {
    this.#check("check");
    const error = this.#reported;
    this.#reported = null;
    if (error !== null) throw error;
  }

  /** Results may always be written where they belong. */
  writesDirectly(_target: Storage): boolean {
    return true;
  }

  /** Nothing is ever in flight here, but a long loop must let others have their turn. */
  async settle(): Promise<void> {
    await this.check();
    if (performance.now() - this.#breath < BREATH) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#breath = performance.now();
  }

  destroy(): void {
    this.#destroyed = true;
  }

  toString(): string {
    return this.line;
  }

  #check(what: string): void {
    if (!this.#destroyed) return;
    throw new DeviceError(
      `${what}: the device was destroyed; got ${this.line}. ` +
        "Call init() again and make the tensors anew.",
    );
  }
}
