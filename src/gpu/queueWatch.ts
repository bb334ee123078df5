import type { GpuDevice } from "./device.ts";

/** What a program asked of a device's queue since the last look. */
export interface QueueCounts {
  /** When each submit was made, in milliseconds of `performance.now()`. */
  readonly submits: readonly number[];
  /** Bytes given to `queue.writeBuffer`. */
  readonly bytesWritten: number;
  /** Milliseconds in which the program waited for the device. */
  readonly waited: number;
}

/** Counts what a device is asked for, by standing before its methods until `end`. */
export class QueueWatch {
  readonly #restore: (() => void)[] = [];
  #submits: number[] = [];
  #bytesWritten = 0;
  #waited = 0;
  #waiting = 0;
  #since = 0;

  constructor(device: GpuDevice) {
    const { queue } = device.gpu;
    this.#stand(queue, "submit", () => this.#submits.push(performance.now()));
    this.#stand(queue, "writeBuffer", (args) => {
      this.#bytesWritten += bytesOf(args);
    });
    for (const name of ["read", "settle", "check"]) {
      this.#stand(device, name, (_, result) => {
        if (result !== null) this.#wait(result as Promise<unknown>);
      });
    }
  }

  take(): QueueCounts {
    const counts = {
      submits: this.#submits,
      bytesWritten: this.#bytesWritten,
      waited: this.#waited,
    };
    this.#submits = [];
    this.#bytesWritten = 0;
    this.#waited = 0;
    return counts;
  }

  end(): void {
    for (const restore of this.#restore) restore();
  }

  /** What a method does before it returns its promise is the host's work, the rest is waiting. */
  #wait(result: Promise<unknown>): void {
    if (this.#waiting++ === 0) this.#since = performance.now();
    const end = () => {
      if (--this.#waiting === 0) this.#waited += performance.now() - this.#since;
    };
    void result.then(end, end);
  }

  /** Calls `seen` after each call of a method that the object inherits. */
  #stand(object: object, name: string, seen: (args: unknown[], result: unknown) => void): void {
    const own = Object.getOwnPropertyDescriptor(object, name);
    const methods = object as Record<string, (...args: unknown[]) => unknown>;
    const method = methods[name];
    methods[name] = (...args) => {
      const result = method.apply(object, args);
      seen(args, result);
      return result;
    };
    this.#restore.push(() => {
      if (own === undefined) delete methods[name];
      else Object.defineProperty(object, name, own);
    });
  }
}

/** Start and size are in elements of a typed array, in bytes of a buffer. */
function bytesOf([, , data, start = 0, size]: unknown[]): number {
  const { byteLength, BYTES_PER_ELEMENT: step = 1 } = data as Uint8Array;
  return size === undefined ? byteLength - (start as number) * step : (size as number) * step;
}
