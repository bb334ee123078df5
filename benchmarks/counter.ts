import type { Device } from "tapegrad";

/** What a program asked of WebGPU. */
export interface Counts {
  launches: number;
  submits: number;
  copies: number;
  /** Bytes given to `queue.writeBuffer`. */
  bytesWritten: number;
  pipelines: number;
  shaders: number;
  buffers: number;
  bindGroups: number;
}

const none = (): Counts => ({
  launches: 0,
  submits: 0,
  copies: 0,
  bytesWritten: 0,
  pipelines: 0,
  shaders: 0,
  buffers: 0,
  bindGroups: 0,
});

type Method = (...args: unknown[]) => unknown;

/** Calls `seen` before each call of a method that all objects like `object` share. */
function wrap(object: object, name: string, seen: (args: unknown[], result: unknown) => void) {
  const prototype = Object.getPrototypeOf(object) as Record<string, Method>;
  const original = prototype[name];
  prototype[name] = function (this: object, ...args: unknown[]) {
    const result = original.apply(this, args);
    seen(args, result ?? this);
    return result;
  };
}

/**
 * Counts launches, submits and bytes by wrapping WebGPU's own objects from outside: not by what
 * the engine says of itself. Everything in this process is counted, whichever device it is for.
 */
class Counter {
  counts = none();
  /** The buffers that were made and not destroyed. */
  readonly live = new Map<number, { readonly size: number; readonly label: string }>();
  #made = 0;

  /** Bytes of all buffers that exist. */
  get liveBytes(): number {
    return this.liveBytesOf("");
  }

  /** Bytes of those whose label begins so. */
  liveBytesOf(label: string): number {
    let sum = 0;
    for (const buffer of this.live.values()) if (buffer.label.startsWith(label)) sum += buffer.size;
    return sum;
  }

  /** The counts since the last call, or since the counter was made. */
  take(): Counts {
    const { counts } = this;
    this.counts = none();
    return counts;
  }

  watch(gpu: GPUDevice): void {
    const add = (name: keyof Counts) => () => {
      this.counts[name]++;
    };
    wrap(gpu.queue, "submit", add("submits"));
    wrap(gpu.queue, "writeBuffer", (args) => {
      this.counts.bytesWritten += bytesOf(args);
    });
    wrap(gpu, "createBindGroup", add("bindGroups"));
    wrap(gpu, "createShaderModule", add("shaders"));
    wrap(gpu, "createComputePipeline", add("pipelines"));
    wrap(gpu, "createComputePipelineAsync", add("pipelines"));
    const encoder = gpu.createCommandEncoder();
    wrap(encoder, "copyBufferToBuffer", add("copies"));
    const pass = encoder.beginComputePass();
    wrap(pass, "dispatchWorkgroups", add("launches"));
    wrap(pass, "dispatchWorkgroupsIndirect", add("launches"));
    pass.end();
    this.#watchBuffers(gpu);
  }

  #watchBuffers(gpu: GPUDevice): void {
    const numbers = new WeakMap<object, number>();
    const probe = gpu.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
    wrap(probe, "destroy", (_, buffer) => {
      this.live.delete(numbers.get(buffer as object) ?? -1);
    });
    probe.destroy();
    wrap(gpu, "createBuffer", ([descriptor], buffer) => {
      this.counts.buffers++;
      const { size, label = "" } = descriptor as GPUBufferDescriptor;
      numbers.set(buffer as object, this.#made);
      this.live.set(this.#made++, { size, label });
    });
  }
}

function bytesOf([, , data, start, size]: unknown[]): number {
  const { byteLength, BYTES_PER_ELEMENT = 1 } = data as Uint8Array;
  if (size !== undefined) return (size as number) * BYTES_PER_ELEMENT;
  return byteLength - ((start as number | undefined) ?? 0) * BYTES_PER_ELEMENT;
}

let counter: Counter | null = null;

/** The counter of this process; the first call puts it into WebGPU's prototypes. */
export function countGpu(device: Device): Counter {
  if (device.kind !== "webgpu") throw new Error(`there is nothing to count on ${device}`);
  if (counter === null) {
    counter = new Counter();
    counter.watch(device.gpu);
    counter.take();
  }
  return counter;
}
