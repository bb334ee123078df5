import type { Executable, Run } from "../../core/ir.ts";
import type { GpuDevice } from "../device.ts";
import type { GpuPlan, Runnable } from "../encode.ts";

/** A plan that is made when it first runs, after its variants have been timed. */
export class TunedPlan implements Executable, Runnable {
  readonly #device: GpuDevice;
  #decide: ((call: Run) => Promise<GpuPlan>) | null;
  #plan: GpuPlan | null = null;
  #failure: Error | null = null;
  ready: Promise<void> = Promise.resolve();

  constructor(device: GpuDevice, decide: (call: Run) => Promise<GpuPlan>) {
    this.#device = device;
    this.#decide = decide;
  }

  run(call: Run): void {
    if (this.#decide !== null) {
      this.ready = this.#make(this.#decide, call);
      // It holds the whole graph.
      this.#decide = null;
    }
    this.#device.enqueue(this, call);
  }

  free(): void {
    this.#device.afterWaiting(() => this.#plan?.free());
  }

  get isReady(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#plan?.isReady ?? false;
  }

  encode(call: Run, timestampWrites?: GPUComputePassTimestampWrites): GPUCommandBuffer {
    return this.#plan!.encode(call, timestampWrites);
  }

  get hasFaults(): boolean {
    return this.#plan?.hasFaults ?? false;
  }

  checkFaults(): Promise<void> {
    return this.#plan?.checkFaults() ?? Promise.resolve();
  }

  async #make(decide: (call: Run) => Promise<GpuPlan>, call: Run): Promise<void> {
    try {
      this.#plan = await decide(call);
      await this.#plan.ready;
    } catch (error) {
      this.#failure = error as Error;
    }
  }
}
