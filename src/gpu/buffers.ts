import { bytesFor, bytesOf, type DType } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import { Storage } from "../core/node.ts";

const STORAGE = 0x80;
const COPY = 0x4 | 0x8;

/** Small tensors share buffers of this size; larger ones have their own. */
const SLAB_BYTES = 1 << 20;
const LARGEST_IN_SLAB = 1 << 16;
const SMALLEST = 16;
/** Own buffers come in multiples of this, so that freed ones fit again. */
const OWN_STEP = 1 << 14;
/** Freed own buffers are kept for reuse up to this many bytes. */
const IDLE_BYTES = 64 << 20;

/** A piece of a buffer; freed once, by hand or when nobody can reach it. */
export interface Region {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  freed: boolean;
}

/** A buffer that is carved into regions of one size. */
interface Slab {
  readonly buffer: GPUBuffer;
  /** From this byte on no region was handed out yet. */
  used: number;
  /** Where regions begin that were freed: numbers, as there may be ten thousands. */
  readonly free: number[];
}

export class GpuStorage extends Storage {
  readonly region: Region;
  /** Bytes of an element. */
  readonly #step: number;
  readonly #start: number;

  constructor(region: Region, step: number, start = 0) {
    super();
    this.region = region;
    this.#step = step;
    this.#start = start;
  }

  get home(): object {
    return this.region.buffer;
  }

  get buffer(): GPUBuffer {
    return this.region.buffer;
  }

  get offset(): number {
    return this.region.offset + this.#start;
  }

  override get isAlone(): boolean {
    return this.buffer.size !== SLAB_BYTES;
  }

  /** What lies there from element `start` on. */
  segment(start: number): GpuStorage {
    return new GpuStorage(this.region, this.#step, this.#start + start * this.#step);
  }
}

/**
 * Device memory for what outlives a plan. Small regions are carved from slabs by size class, so
 * that many tensors share one buffer (and one binding); large ones are buffers of their own,
 * reused by size. A region that nobody can reach any more is freed by the garbage collector.
 */
export class BufferPool {
  readonly #device: GPUDevice;
  /** By size class. */
  readonly #slabs = new Map<number, Slab[]>();
  readonly #idle = new Map<number, GPUBuffer[]>();
  readonly #buffers = new Set<GPUBuffer>();
  readonly #registry: FinalizationRegistry<Region>;
  #idleBytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#registry = new FinalizationRegistry((region) => this.free(region));
  }

  /** Memory with undefined contents. `own` asks for a buffer that nothing else lies in. */
  allocate(size: number, dtype: DType, use: string, own = false): GpuStorage {
    const bytes = bytesFor(size, dtype);
    const label = () => `${use} ${dtype}[${size}]`;
    const region =
      own || bytes > LARGEST_IN_SLAB ? this.#own(bytes, label) : this.#fromSlab(bytes, label);
    // The registry watches a stand-in: the region itself must stay reachable to be freed.
    const held: Region = {
      buffer: region.buffer,
      offset: region.offset,
      bytes: region.bytes,
      freed: false,
    };
    this.#registry.register(held, region, held);
    return new GpuStorage(held, bytesOf(dtype));
  }

  /** Frees what a storage holds; safe to call twice. */
  release(storage: GpuStorage): void {
    const { region } = storage;
    if (region.freed) return;
    region.freed = true;
    this.#registry.unregister(region);
    this.free({ ...region, freed: false });
  }

  free(region: Region): void {
    const { buffer, bytes, offset } = region;
    if (buffer.size === SLAB_BYTES) {
      const slab = this.#slabs.get(bytes)!.find((s) => s.buffer === buffer)!;
      slab.free.push(offset);
      return;
    }
    if (this.#idleBytes + buffer.size > IDLE_BYTES) {
      this.#buffers.delete(buffer);
      buffer.destroy();
      return;
    }
    this.#idleBytes += buffer.size;
    const list = this.#idle.get(buffer.size);
    if (list) list.push(buffer);
    else this.#idle.set(buffer.size, [buffer]);
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.clear();
  }

  #fromSlab(bytes: number, label: () => string): Region {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))));
    const slabs = this.#slabs.get(size) ?? [];
    this.#slabs.set(size, slabs);
    let slab = slabs.find(({ free, used }) => free.length > 0 || used < SLAB_BYTES);
    if (slab === undefined) {
      const buffer = this.#create(SLAB_BYTES, `slab of ${size}-byte tensors (first: ${label()})`);
      slab = { buffer, used: 0, free: [] };
      slabs.push(slab);
    }
    let offset = slab.free.pop();
    if (offset === undefined) {
      offset = slab.used;
      slab.used += size;
    }
    return { buffer: slab.buffer, offset, bytes: size, freed: false };
  }

  #own(bytes: number, label: () => string): Region {
    // One step more than a slab, so that a freed buffer is never taken for one.
    const rounded = Math.max(Math.ceil(bytes / OWN_STEP), 1) * OWN_STEP;
    const size = rounded === SLAB_BYTES ? SLAB_BYTES + OWN_STEP : rounded;
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) {
      return { buffer: this.#create(size, label()), offset: 0, bytes: size, freed: false };
    }
    this.#idleBytes -= size;
    return { buffer, offset: 0, bytes: size, freed: false };
  }

  #create(size: number, label: string): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > most) {
      throw new DeviceError(
        `${label}: ${size} bytes do not fit one buffer of this device; it takes ${most}. ` +
          "Split the tensor along its first axis.",
      );
    }
    const buffer = this.#device.createBuffer({ label, size, usage: STORAGE | COPY });
    this.#buffers.add(buffer);
    return buffer;
  }
}
