import { DeviceError } from "../core/errors.ts";

const MAP_READ = 0x1;
const COPY_DST = 0x8;
const READ = 1;

/** Staging buffers for reading back, reused by size; several reads can be under way at once. */
export class Readback {
  readonly #device: GPUDevice;
  readonly #idle = new Map<number, GPUBuffer[]>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Bytes of a buffer as they are after everything enqueued so far. */
  async read(
    buffer: GPUBuffer,
    offset: number,
    bytes: number,
    submit: (commands: GPUCommandBuffer) => void,
  ): Promise<ArrayBuffer> {
    const size = Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));
    const staging = this.#idle.get(size)?.pop() ?? this.#create(size);
    const encoder = this.#device.createCommandEncoder({ label: "readback" });
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    submit(encoder.finish());
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
