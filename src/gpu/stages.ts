import type { GpuDevice } from "./device.ts";
import type { LaunchSpec } from "./spec.ts";

/**
 * The launches of a plan and their pipelines. A launch that has a text which compiles sooner runs
 * that at first; a plan that runs again has its own texts compiled meanwhile, one after the other.
 * As both give the same bits, nobody can tell when they change.
 */
export class Stages {
  readonly ready: Promise<void>;
  readonly #device: GpuDevice;
  readonly #wanted: readonly LaunchSpec[];
  /** What runs now. */
  readonly launches: LaunchSpec[];
  pipelines: GPUComputePipeline[] | null = null;
  #failure: Error | null = null;
  /** Launches that do not run their own text yet, until somebody sees to that. */
  #early: readonly number[];

  constructor(device: GpuDevice, launches: readonly LaunchSpec[]) {
    this.#device = device;
    this.#wanted = launches;
    this.launches = launches.map((launch) => ({ ...launch, ...launch.quick }));
    this.#early = launches.flatMap(({ quick }, i) => (quick === undefined ? [] : [i]));
    this.ready = this.#compile();
  }

  /** Whether there are pipelines for all. @throws what kept them from being made. */
  get isReady(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.pipelines !== null;
  }

  /** The plan runs again, and so is worth compiling. */
  improve(): void {
    const early = this.#early;
    if (early.length === 0) return;
    this.#early = [];
    this.#improve(early).catch((error: Error) => this.#device.faults.add(error));
  }

  async #improve(early: readonly number[]): Promise<void> {
    for (const at of early) {
      const pipeline = await this.#device.pipelines.get(this.#wanted[at]);
      (this.pipelines as GPUComputePipeline[])[at] = pipeline;
      this.launches[at] = this.#wanted[at];
    }
  }

  async #compile(): Promise<void> {
    const { pipelines } = this.#device;
    try {
      this.pipelines = await Promise.all(this.launches.map((launch) => pipelines.get(launch)));
    } catch (error) {
      this.#failure = error as Error;
    }
  }
}
