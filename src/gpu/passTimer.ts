import type { GpuDevice } from "./device.ts";
import type { Probe, ReadyLaunch } from "./probe.ts";
import type { LaunchSpec } from "./spec.ts";

/** Queries in one set: two for each launch, and WebGPU allows 4096. */
const MOST_QUERIES = 4096;
const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x4;

/** A launch and when it ran, in nanoseconds of the adapter's own clock. */
export interface TimedLaunch {
  readonly spec: LaunchSpec;
  readonly begin: number;
  readonly end: number;
}

/** The times of a few launches of one run, still on the device. */
interface Page {
  readonly specs: readonly LaunchSpec[];
  readonly queries: GPUQuerySet;
  readonly stamps: GPUBuffer;
}

/**
 * Takes the time of each launch where it runs, by timestamp queries: a pass for each, with a time
 * stamp at either end. Passes cost the device a little (a barrier and two writes) beside one pass
 * for all.
 */
export class PassTimer implements Probe {
  readonly #device: GpuDevice;
  #pages: Page[] = [];
  /** The adapter's clock when the first launch began; numbers hold what follows exactly. */
  #start: bigint | null = null;

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  encode(encoder: GPUCommandEncoder, launches: readonly ReadyLaunch[]): void {
    const most = MOST_QUERIES / 2;
    for (let at = 0; at < launches.length; at += most) {
      this.#encodePage(encoder, launches.slice(at, at + most));
    }
  }

  /** The launches since the last call, in order; waits until they have run. */
  async collect(): Promise<TimedLaunch[]> {
    const pages = this.#pages;
    this.#pages = [];
    const timed: TimedLaunch[] = [];
    for (const { specs, stamps } of pages) {
      const times = new BigUint64Array(await this.#device.readBuffer(stamps, 0, stamps.size));
      this.#start ??= times[0];
      const start = this.#start;
      const since = (i: number) => Number(times[i] - start);
      specs.forEach((spec, i) => {
        timed.push({ spec, begin: since(2 * i), end: since(2 * i + 1) });
      });
    }
    pages.forEach(destroyPage);
    return timed;
  }

  destroy(): void {
    this.#pages.forEach(destroyPage);
    this.#pages = [];
  }

  #encodePage(encoder: GPUCommandEncoder, launches: readonly ReadyLaunch[]): void {
    const { gpu } = this.#device;
    const label = "times of launches";
    const count = 2 * launches.length;
    const querySet = gpu.createQuerySet({ label, type: "timestamp", count });
    const usage = QUERY_RESOLVE | COPY_SRC;
    const stamps = gpu.createBuffer({ label, size: 8 * count, usage });
    launches.forEach((launch, i) => {
      const timestampWrites = {
        querySet,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      };
      const pass = encoder.beginComputePass({ label: launch.spec.label, timestampWrites });
      launch.encode(pass);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, stamps, 0);
    this.#pages.push({ specs: launches.map(({ spec }) => spec), queries: querySet, stamps });
  }
}

function destroyPage({ queries, stamps }: Page): void {
  queries.destroy();
  stamps.destroy();
}
