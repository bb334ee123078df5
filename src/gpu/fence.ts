import type { GpuDevice } from "./device.ts";

const COPY = 0x4 | 0x8;

/** Waits until the device has done all that was submitted. */
export class Fence {
  readonly #device: GpuDevice;
  #buffer: GPUBuffer | null = null;

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** A read comes after everything before it; a lost device rejects it. */
  async wait(): Promise<void> {
    this.#buffer ??= this.#device.gpu.createBuffer({ label: "fence", size: 4, usage: COPY });
    await this.#device.readBuffer(this.#buffer, 0, 4);
  }

  destroy(): void {
    this.#buffer?.destroy();
    this.#buffer = null;
  }
}
