import type { GpuDevice } from "./device.ts";
import { Fence } from "./fence.ts";
import type { TimedLaunch } from "./passTimer.ts";
import type { Probe, ReadyLaunch } from "./probe.ts";

const STORAGE = 0x80;
const COPY = 0x4 | 0x8;
/** A launch is repeated until all take so many milliseconds, at most so often. */
const LONG_ENOUGH = 20;
const MOST_REPEATS = 2048;
const SAMPLES = 3;

/**
 * Takes the time of each launch by the host's clock, for adapters without timestamp queries:
 * repeated many times in one submit, on copies of what it binds, so that the user's values stay.
 * Its inputs are then as near as caches allow.
 */
export class AloneTimer implements Probe {
  readonly #device: GpuDevice;
  #launches: ReadyLaunch[] = [];
  readonly #fence: Fence;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#fence = new Fence(device);
  }

  encode(encoder: GPUCommandEncoder, launches: readonly ReadyLaunch[]): void {
    this.#launches.push(...launches);
    if (launches.length === 0) return;
    const pass = encoder.beginComputePass();
    for (const launch of launches) launch.encode(pass);
    pass.end();
  }

  /** The launches since the last call, in order, as if each began where the last one ended. */
  async collect(): Promise<TimedLaunch[]> {
    const launches = this.#launches;
    this.#launches = [];
    const timed: TimedLaunch[] = [];
    let begin = 0;
    for (const launch of launches) {
      const end = begin + 1e6 * (await this.#millisecondsOf(launch));
      timed.push({ spec: launch.spec, begin, end });
      begin = end;
    }
    return timed;
  }

  destroy(): void {
    this.#launches = [];
    this.#fence.destroy();
  }

  async #millisecondsOf(launch: ReadyLaunch): Promise<number> {
    const copies = new Map<string, GPUBuffer>();
    try {
      const group = this.#scratchGroup(launch, copies);
      await this.#run(launch, group, 1);
      const repeats = await this.#repeatsOf(launch, group);
      let [few, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let i = 0; i < SAMPLES; i++) {
        few = Math.min(few, await this.#run(launch, group, 1));
        many = Math.min(many, await this.#run(launch, group, repeats));
      }
      // The clock's noise can exceed a very short launch.
      return Math.max((many - few) / (repeats - 1), 1e-6);
    } finally {
      for (const copy of copies.values()) copy.destroy();
    }
  }

  /** How many repetitions take long enough for the clock. */
  async #repeatsOf(launch: ReadyLaunch, group: GPUBindGroup): Promise<number> {
    let repeats = 2;
    while (repeats < MOST_REPEATS && (await this.#run(launch, group, repeats)) < LONG_ENOUGH) {
      repeats *= 4;
    }
    return repeats;
  }

  /** Bindings to copies of what the launch binds; parts that are bound twice are copied once. */
  #scratchGroup({ spec, resources }: ReadyLaunch, copies: Map<string, GPUBuffer>): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    const encoder = gpu.createCommandEncoder();
    const numbers = new Map<GPUBuffer, number>();
    const entries = resources().map(({ buffer, offset = 0, size }, binding) => {
      const bytes = size ?? buffer.size - offset;
      if (!numbers.has(buffer)) numbers.set(buffer, numbers.size);
      const key = `${numbers.get(buffer)}+${offset}:${bytes}`;
      let copy = copies.get(key);
      if (copy === undefined) {
        const padded = Math.ceil(bytes / 4) * 4;
        copy = gpu.createBuffer({
          label: "copy to measure on",
          size: padded,
          usage: STORAGE | COPY,
        });
        encoder.copyBufferToBuffer(buffer, offset, copy, 0, padded);
        copies.set(key, copy);
      }
      return { binding, resource: { buffer: copy } };
    });
    gpu.queue.submit([encoder.finish()]);
    return gpu.createBindGroup({ layout: pipelines.layout(spec), entries });
  }

  /** Milliseconds until so many repetitions have run. */
  async #run(launch: ReadyLaunch, group: GPUBindGroup, times: number): Promise<number> {
    const { gpu } = this.#device;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) launch.encode(pass, group);
    pass.end();
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await this.#fence.wait();
    return performance.now() - start;
  }
}
