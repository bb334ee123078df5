import type { DType } from "../core/dtype.ts";
import type { Storage } from "../core/node.ts";
import type { Device } from "./device.ts";

const WHOLE = -1;

/**
 * Memory that is written again and again, whole or in parts. Each write makes a new version: new
 * `Storage` objects over the same bytes. Those of the version before then say that they are stale.
 */
export class Slot {
  readonly #device: Device;
  /** The bytes themselves, without a version: what plans write to. */
  readonly base: Storage;
  readonly #versions = new Map<number, Storage[]>();
  readonly #parts = new Map<number, Storage>();

  constructor(device: Device, size: number, dtype: DType) {
    this.#device = device;
    this.base = device.allocate(size, dtype, "variable");
  }

  /** The present version of everything. */
  whole(): Storage {
    return this.#track(WHOLE, this.#device.again(this.base));
  }

  /** The present version of one part. */
  part(index: number, start: number, size: number): Storage {
    return this.#track(index, this.#device.segment(this.base, start, size));
  }

  /** The bytes of one part, without a version. */
  basePart(index: number, start: number, size: number): Storage {
    // By number: a part without elements begins where another does.
    let part = this.#parts.get(index);
    if (part === undefined) {
      part = this.#device.segment(this.base, start, size);
      this.#parts.set(index, part);
    }
    return part;
  }

  /** Makes storages of the present version stale: part `index` (or all) is written over. */
  retire(reason: (part: number) => string, index = WHOLE): void {
    for (const [part, storages] of this.#versions) {
      if (index !== WHOLE && part !== index && part !== WHOLE) continue;
      for (const storage of storages) storage.stale ??= reason(part);
      this.#versions.delete(part);
    }
  }

  /** Whether somebody may read the present version later. */
  get isHeld(): boolean {
    return this.#versions.size > 0;
  }

  /** Frees the bytes; a plan that is to read or write them says `reason`. */
  free(reason: string): void {
    this.#device.free(this.base);
    for (const storage of [this.base, ...this.#parts.values()]) storage.stale = reason;
  }

  #track(part: number, storage: Storage): Storage {
    const list = this.#versions.get(part);
    if (list === undefined) this.#versions.set(part, [storage]);
    else list.push(storage);
    return storage;
  }
}
