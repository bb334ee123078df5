const STORAGE = 0x80;
const COPY_DST = 0x8;

/** Numbers from 0.5 to 1.5, none of which makes a logarithm, a root or a quotient special. */
const PATTERN = 64;
const numbers = (): Float32Array =>
  Float32Array.from({ length: PATTERN }, (_, i) => 0.5 + ((i * 37) % PATTERN) / PATTERN);
/** The halves of 1 and of 1.25, and so on: 1 + i/64. */
const halves = (): Uint16Array =>
  Uint16Array.from({ length: 2 * PATTERN }, (_, i) => 0x3c00 + ((i % PATTERN) << 4));

/** Memory on which variants are timed; variants of one launch share what is of equal size. */
export class Scratch {
  readonly #gpu: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** Buffer number `at` of a launch, filled with small numbers; of whole numbers it holds 0. */
  buffer(at: number, bytes: number, type: string): GPUBuffer {
    const size = Math.max(Math.ceil(bytes / 4) * 4, 16);
    const key = `${at} ${type} ${size}`;
    let buffer = this.#buffers.get(key);
    if (buffer === undefined) {
      const label = "tuner's scratch";
      buffer = this.#gpu.createBuffer({ label, size, usage: STORAGE | COPY_DST });
      // WebGPU gives zeros.
      if (type === "f32" || type === "f16") this.#fill(buffer, type);
      this.#buffers.set(key, buffer);
    }
    return buffer;
  }

  /** Whether the device had the memory that `place` asks for. */
  async fits(place: () => void): Promise<boolean> {
    this.#gpu.pushErrorScope("out-of-memory");
    place();
    return (await this.#gpu.popErrorScope()) === null;
  }

  free(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  #fill(buffer: GPUBuffer, type: "f32" | "f16"): void {
    const pattern = new Uint8Array((type === "f32" ? numbers() : halves()).buffer);
    const piece = new Uint8Array(Math.min(buffer.size, 1 << 20));
    for (let at = 0; at < piece.length; at += pattern.length) {
      piece.set(pattern.subarray(0, piece.length - at), at);
    }
    for (let at = 0; at < buffer.size; at += piece.length) {
      const bytes = Math.min(piece.length, buffer.size - at);
      this.#gpu.queue.writeBuffer(buffer, at, piece, 0, bytes);
    }
  }
}
