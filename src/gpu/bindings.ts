import type { Run } from "../core/ir.ts";
import type { GpuStorage } from "./buffers.ts";
import type { GpuDevice } from "./device.ts";
import type { BindingSpec, LaunchSpec, PlanSpec } from "./spec.ts";

/** Bind groups are kept for this many sets of buffers: two versions of parameters, a few batches. */
const MOST_SETS = 8;

/** Bind groups of a plan's launches, made once for each set of buffers that runs give. */
export class Bindings {
  readonly #device: GpuDevice;
  readonly #spec: PlanSpec;
  readonly #banks: readonly GPUBuffer[];
  readonly #flags: GPUBuffer | null;
  /** By the buffers of sources and targets that the launches touch. */
  readonly #bound: { readonly buffers: GPUBuffer[]; readonly groups: GPUBindGroup[] }[] = [];
  readonly #touched: readonly { kind: "source" | "target"; index: number }[];

  constructor(
    device: GpuDevice,
    spec: PlanSpec,
    banks: readonly GPUBuffer[],
    flags: GPUBuffer | null,
  ) {
    this.#device = device;
    this.#spec = spec;
    this.#banks = banks;
    this.#flags = flags;
    this.#touched = touchedBy(spec);
  }

  /** A bind group for each launch. */
  groupsFor(call: Run): readonly GPUBindGroup[] {
    const bound = this.#bound;
    for (let i = bound.length - 1; i >= 0; i--) {
      if (this.#isBound(bound[i].buffers, call)) return bound[i].groups;
    }
    const groups = this.#spec.launches.map((launch, i) => this.#groupFor(launch, i, call));
    bound.push({ buffers: this.#touched.map((at) => bufferOf(call, at)), groups });
    if (bound.length > MOST_SETS) bound.shift();
    return groups;
  }

  #isBound(buffers: readonly GPUBuffer[], call: Run): boolean {
    for (let i = 0; i < buffers.length; i++) {
      if (buffers[i] !== bufferOf(call, this.#touched[i])) return false;
    }
    return true;
  }

  /** The bind group of a launch; that of the last set where the launch touches nothing new. */
  #groupFor(launch: LaunchSpec, i: number, call: Run): GPUBindGroup {
    const last = this.#bound.at(-1);
    const isNew = this.#touched.some(
      (at, k) =>
        last?.buffers[k] !== bufferOf(call, at) &&
        launch.bindings.some((b) => b.kind === at.kind && b.index === at.index),
    );
    return last === undefined || isNew ? this.#bind(launch, call) : last.groups[i];
  }

  #bind(launch: LaunchSpec, call: Run): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    return gpu.createBindGroup({
      label: launch.label,
      layout: pipelines.layout(launch),
      entries: launch.bindings.map((b, binding) => ({
        binding,
        resource: this.resource(b, call),
      })),
    });
  }

  /** What a binding covers in a run. */
  resource(binding: BindingSpec, call: Run): GPUBufferBinding {
    if (binding.kind === "bank") {
      const { bank, offset, size } = binding;
      return { buffer: this.#banks[bank], offset, size };
    }
    if (binding.kind === "flags") {
      return { buffer: this.#flags as GPUBuffer, offset: binding.offset };
    }
    const buffer = bufferOf(call, binding);
    return binding.part === null ? { buffer } : { buffer, ...binding.part };
  }
}

const bufferOf = (call: Run, { kind, index }: { kind: "source" | "target"; index: number }) =>
  ((kind === "source" ? call.sources : call.targets)[index] as GpuStorage).buffer;

function touchedBy(spec: PlanSpec): { kind: "source" | "target"; index: number }[] {
  const seen = new Map<string, { kind: "source" | "target"; index: number }>();
  for (const { bindings } of spec.launches) {
    for (const b of bindings) {
      if (b.kind !== "source" && b.kind !== "target") continue;
      seen.set(`${b.kind}${b.index}`, { kind: b.kind, index: b.index });
    }
  }
  return [...seen.values()];
}
