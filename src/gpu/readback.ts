import { DeviceError } from "../core/errors.ts";
import type { Faults } from "./errors.ts";
import type { RunQueue } from "./runQueue.ts";

const MAP_READ = 0x1;
const COPY_DST = 0x8;
const READ = 1;

/** Staging buffers for reading back, reused by size; several reads can be under way at once. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #runs: RunQueue;
  readonly #faults: Faults;
  readonly #idle = new Map<number, GPUBuffer[]>();
  /** What to tell those who wait for the device when it is lost. */
  readonly #untilLost = new Set<() => void>();

  constructor(device: GPUDevice, runs: RunQueue, faults: Faults) {
    this.#device = device;
    this.#runs = runs;
    this.#faults = faults;
  }

  /** Bytes of a buffer as they are after everything enqueued so far. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const result = await this.#unlessLost(this.#read(buffer, offset, bytes));
    this.#runs.turned();
    return result;
  }

  /** The device is gone: nobody waits any longer. */
  lose(): void {
    for (const tell of this.#untilLost) tell();
  }

  /** After a loss a map may stay pending for ever: the loss itself ends the wait. */
  #unlessLost<T>(wait: Promise<T>): Promise<T> {
    // Not a race with `gpu.lost`: that promise would keep every loser until the device goes.
    return new Promise((resolve, reject) => {
      const lost = () => {
        wait.catch(() => "the loss is what is reported");
        reject(
          this.#faults.lost ?? new DeviceError("data: the device was lost. Call init() again."),
        );
      };
      const end = () => this.#untilLost.delete(lost);
      this.#untilLost.add(lost);
      wait.then(resolve, reject).finally(end);
    });
  }

  async #read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const size = Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));
    const staging = this.#idle.get(size)?.pop() ?? this.#create(size);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    this.#runs.submit(encoder.finish());
    try {
      await staging.mapAsync(READ, 0, bytes);
    } catch (cause) {
      throw new DeviceError(
        "data: the device did not give the result back. It may have been lost: " +
          "call init() again and make the tensors anew.",
        { cause },
      );
    }
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    const list = this.#idle.get(size);
    if (list) list.push(staging);
    else this.#idle.set(size, [staging]);
    return copy;
  }

  destroy(): void {
    for (const list of this.#idle.values()) for (const buffer of list) buffer.destroy();
    this.#idle.clear();
  }

  #create(size: number): GPUBuffer {
    const label = `staging of ${size} bytes`;
    return this.#device.createBuffer({ label, size, usage: MAP_READ | COPY_DST });
  }
}
