import { CpuDevice } from "../../../src/cpu/device.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { findAdapter, openAdapter } from "../../../src/webgpu.ts";
import { type CaseData, targets } from "./graphData.ts";

/** The devices that graphs are compared on, each made when it is first needed. */
export class Devices {
  readonly oracle = new CpuDevice({ precision: "float64" });
  readonly #fused = new Map<string, GpuDevice>();
  #unfused: GpuDevice | null = null;

  async fused(target: CaseData["target"]): Promise<GpuDevice> {
    const known = this.#fused.get(target);
    if (known !== undefined) return known;
    const made = await openAdapter(await findAdapter(), { limits: targets[target] });
    this.#fused.set(target, made);
    return made;
  }

  /** Every op in a launch of its own, every value stored. */
  async unfused(): Promise<GpuDevice> {
    this.#unfused ??= await openAdapter(await findAdapter(), {
      limits: { fuse: false, quickStart: false },
    });
    return this.#unfused;
  }

  /** Ends them; new ones are made when they are needed again. */
  destroy(): void {
    for (const device of this.#fused.values()) device.destroy();
    this.#fused.clear();
    this.#unfused?.destroy();
    this.#unfused = null;
  }
}
