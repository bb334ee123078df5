import { isFloat } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import { errorOf } from "../core/fault.ts";
import type { Executable, Run } from "../core/ir.ts";
import type { GpuStorage } from "./buffers.ts";
import type { GpuDevice } from "./device.ts";
import type { BindingSpec, LaunchSpec, PlanSpec } from "./spec.ts";

const UNIFORM = 0x40;
const STORAGE = 0x80;
const COPY = 0x4 | 0x8;
/** Bind groups are kept for this many sets of buffers: two versions of parameters, a few batches. */
const MOST_BINDINGS = 8;

/** A plan on the device: static buffers, ready pipelines, bind groups made once. */
export class GpuPlan implements Executable {
  readonly #device: GpuDevice;
  readonly #spec: PlanSpec;
  readonly #banks: GPUBuffer[];
  readonly #uniforms: GPUBuffer | null;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #floats: Float32Array;
  readonly #uniformGroup: GPUBindGroup | null;
  readonly #flags: GPUBuffer | null;
  /** Bind groups by the buffers of sources and targets that the launches touch. */
  #bound: { buffers: GPUBuffer[]; groups: GPUBindGroup[] }[] = [];
  readonly #touched: { kind: "source" | "target"; index: number }[];
  #pipelines: readonly GPUComputePipeline[] | null = null;
  #failure: Error | null = null;
  /** For messages of the driver: what the plan computes last. */
  readonly #named: { readonly label: string };
  readonly ready: Promise<void>;

  constructor(device: GpuDevice, spec: PlanSpec) {
    this.#device = device;
    this.#spec = spec;
    const { gpu } = device;
    const buffer = (label: string, size: number, usage: number) =>
      gpu.createBuffer({ label, size, usage });
    this.#banks = spec.banks.map((size, i) => buffer(`arena bank ${i}`, size, STORAGE | COPY));
    const bytes = spec.uniformStride * Math.max(spec.launches.length, 1);
    this.#words = new Uint32Array(bytes / 4);
    this.#floats = new Float32Array(this.#words.buffer);
    this.#uniforms = bytes === 0 ? null : buffer("uniforms", bytes, UNIFORM | COPY);
    this.#uniformGroup = this.#uniforms && this.#bindUniforms(this.#uniforms);
    const flags = Math.max(spec.faults.length * 4, 4);
    this.#flags = spec.faults.length === 0 ? null : buffer("fault flags", flags, STORAGE | COPY);
    this.#touched = touchedBy(spec);
    this.#named = { label: `plan of ${spec.launches.at(-1)?.label ?? "copies"}` };
    this.ready = this.#compile();
  }

  run(call: Run): void {
    this.#device.enqueue(this, call);
  }

  free(): void {
    this.#device.afterWaiting(() => {
      for (const buffer of [...this.#banks, this.#uniforms, this.#flags]) buffer?.destroy();
    });
  }

  /** Whether `encode` can be called now. @throws what kept its pipelines from being made. */
  get isReady(): boolean {
    if (this.#failure !== null) throw this.#failure;
    return this.#pipelines !== null;
  }

  /** Writes one run's uniforms and gives its commands, in one pass. */
  encode(call: Run): GPUCommandBuffer {
    if (this.#pipelines === null) throw new DeviceError("plan: encoded before it was ready.");
    this.#writeUniforms(call);
    const { gpu } = this.#device;
    const groups = this.#groupsFor(call);
    const encoder = gpu.createCommandEncoder(this.#named);
    const { launches } = this.#spec;
    if (launches.length > 0) {
      const pass = encoder.beginComputePass(this.#named);
      for (let i = 0; i < launches.length; i++) {
        const { workgroups, uniformOffset } = launches[i];
        pass.setPipeline(this.#pipelines[i]);
        pass.setBindGroup(0, groups[i]);
        if (uniformOffset >= 0) pass.setBindGroup(1, this.#uniformGroup, [uniformOffset]);
        pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
      }
      pass.end();
    }
    this.#copy(encoder, call);
    return encoder.finish();
  }

  /** Reads what faults the launches have flagged; resolves when that is known. */
  async checkFaults(): Promise<void> {
    const flags = this.#flags;
    if (flags === null) return;
    const seen = new Uint32Array(await this.#device.readBuffer(flags, 0, flags.size));
    const { faults } = this.#spec;
    if (!seen.some((x) => x !== 0)) return;
    this.#device.gpu.queue.writeBuffer(flags, 0, new Uint32Array(seen.length));
    seen.forEach((x, i) => {
      const fault = faults[i];
      if (x !== 0 && fault) this.#device.faults.add(errorOf(fault));
    });
  }

  get hasFaults(): boolean {
    return this.#flags !== null;
  }

  async #compile(): Promise<void> {
    try {
      const { launches } = this.#spec;
      this.#pipelines = await Promise.all(launches.map((l) => this.#device.pipelines.get(l)));
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  #bindUniforms(uniforms: GPUBuffer): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    return gpu.createBindGroup({
      label: "uniforms",
      layout: pipelines.uniformLayout,
      entries: [{ binding: 0, resource: { buffer: uniforms, size: this.#spec.uniformStride } }],
    });
  }

  #writeUniforms({ scalars, sources, targets }: Run): void {
    if (this.#uniforms === null) return;
    for (const word of this.#spec.uniforms) {
      if (word.kind === "scalar") {
        const value = scalars[word.index];
        if (isFloat(word.dtype)) this.#floats[word.at] = value;
        else this.#words[word.at] = word.dtype === "bool" ? Number(value !== 0) : value;
      } else {
        const storage = word.kind === "source" ? sources[word.index] : targets[word.index];
        this.#words[word.at] = storage.offset / word.bytes + word.start;
      }
    }
    this.#device.gpu.queue.writeBuffer(this.#uniforms, 0, this.#words);
  }

  #groupsFor(call: Run): readonly GPUBindGroup[] {
    const touched = this.#touched;
    const at = (i: number): GPUBuffer => bufferOf(call, touched[i]);
    const known = this.#bound.findIndex(({ buffers }) => buffers.every((b, i) => b === at(i)));
    if (known === 0) return this.#bound[0].groups;
    if (known > 0) {
      const [found] = this.#bound.splice(known, 1);
      this.#bound.unshift(found);
      return found.groups;
    }
    const groups = this.#spec.launches.map((launch) => this.#bind(launch, call));
    this.#bound.unshift({ buffers: touched.map((_, i) => at(i)), groups });
    if (this.#bound.length > MOST_BINDINGS) this.#bound.pop();
    return groups;
  }

  #bind(launch: LaunchSpec, call: Run): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    return gpu.createBindGroup({
      label: launch.label,
      layout: pipelines.layout(launch),
      entries: launch.bindings.map((b, binding) => ({
        binding,
        resource: this.#resource(b, call),
      })),
    });
  }

  #resource(binding: BindingSpec, call: Run): GPUBufferBinding {
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

  #copy(encoder: GPUCommandEncoder, call: Run): void {
    for (const { from, target, bytes } of this.#spec.copies) {
      const to = call.targets[target] as GpuStorage;
      if (from.kind === "bank") {
        encoder.copyBufferToBuffer(
          this.#banks[from.bank],
          from.offset,
          to.buffer,
          to.offset,
          bytes,
        );
        continue;
      }
      const storage = (from.kind === "source" ? call.sources : call.targets)[from.index];
      const start = storage.offset + from.offset;
      this.#device.copyWithin(encoder, (storage as GpuStorage).buffer, start, to, bytes);
    }
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
