import type { AloneTimer } from "../gpu/aloneTimer.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { Fence } from "../gpu/fence.ts";
import type { PassTimer, TimedLaunch } from "../gpu/passTimer.ts";
import { QueueWatch } from "../gpu/queueWatch.ts";

/**
 * "timestamps": in the step itself, by timestamp queries around each launch. "alone": each launch
 * repeated by itself on copies of its memory, by the host's clock.
 */
export type Method = "timestamps" | "alone";

/** Steps as they run without a probe, each with the device idle before it; means of one step. */
export interface Plain {
  /** Milliseconds until the step's promise resolved, without those it waited for the device. */
  readonly host: number;
  readonly submits: number;
  readonly bytesWritten: number;
}

/** One step with its kernels' times; the host's in milliseconds of `performance.now()`. */
export interface TimedStep {
  readonly start: number;
  readonly end: number;
  readonly submits: readonly number[];
  readonly launches: readonly TimedLaunch[];
}

/** Runs a step in the several ways in which it is measured. */
export class Measurement {
  readonly #device: GpuDevice;
  readonly #step: () => unknown;
  readonly #fence: Fence;
  readonly #watch: QueueWatch;

  constructor(device: GpuDevice, step: () => unknown) {
    this.#device = device;
    this.#step = step;
    this.#fence = new Fence(device);
    this.#watch = new QueueWatch(device);
  }

  /** Milliseconds of one of several steps that follow each other as in a training loop. */
  async timeTogether(steps: number): Promise<number> {
    await this.#idle();
    const start = performance.now();
    for (let i = 0; i < steps; i++) await this.#step();
    await this.#idle();
    return (performance.now() - start) / Math.max(steps, 1);
  }

  async timeApart(steps: number): Promise<Plain> {
    const hosts: number[] = [];
    let [submits, bytesWritten] = [0, 0];
    for (let i = 0; i < steps; i++) {
      await this.#idle();
      this.#watch.take();
      const start = performance.now();
      await this.#step();
      const elapsed = performance.now() - start;
      const counts = this.#watch.take();
      hosts.push(elapsed - counts.waited);
      submits += counts.submits.length / steps;
      bytesWritten += counts.bytesWritten / steps;
    }
    return { host: median(hosts), submits, bytesWritten };
  }

  async timeKernels(timer: PassTimer | AloneTimer, steps: number): Promise<TimedStep[]> {
    const timed: TimedStep[] = [];
    try {
      for (let i = 0; i < steps; i++) {
        await this.#idle();
        this.#watch.take();
        this.#device.probe = timer;
        const start = performance.now();
        await this.#step();
        const end = performance.now();
        this.#device.probe = null;
        const { submits } = this.#watch.take();
        timed.push({ start, end, submits, launches: await timer.collect() });
      }
    } finally {
      this.#device.probe = null;
      timer.destroy();
    }
    return timed;
  }

  end(): void {
    this.#watch.end();
    this.#fence.destroy();
  }

  /** @throws what went wrong on the device */
  async #idle(): Promise<void> {
    await this.#fence.wait();
    await this.#device.check();
  }
}

/** The middle one of several numbers, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
}
