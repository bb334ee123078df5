import { isFloat } from "../core/dtype.ts";
import { dataErrors } from "../core/errors.ts";
import type { Executable, Run } from "../core/ir.ts";
import { Bindings } from "./bindings.ts";
import type { GpuStorage } from "./buffers.ts";
import type { GpuDevice } from "./device.ts";
import type { ReadyLaunch } from "./probe.ts";
import type { CopyPlace, PlanSpec } from "./spec.ts";
import { Stages } from "./stages.ts";

const UNIFORM = 0x40;
const STORAGE = 0x80;
const COPY = 0x4 | 0x8;
/** What the device has to know of a plan to run it. */
export type Runnable = Pick<GpuPlan, "ready" | "isReady" | "encode" | "hasFaults" | "checkFaults">;

/** A plan on the device: static buffers, ready pipelines, bind groups made once. */
export class GpuPlan implements Executable {
  readonly #device: GpuDevice;
  readonly #spec: PlanSpec;
  readonly #banks: GPUBuffer[];
  readonly #uniforms: GPUBuffer | null;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #floats: Float32Array;
  #isWritten = false;
  readonly #uniformGroup: GPUBindGroup | null;
  readonly #flags: GPUBuffer | null;
  readonly #bindings: Bindings;
  readonly #stages: Stages;
  /** Where each launch's uniforms begin, as WebGPU takes it; null for none. */
  readonly #dynamic: readonly (number[] | null)[];
  #hasRun = false;

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
    this.#bindings = new Bindings(device, spec, this.#banks, this.#flags);
    this.#dynamic = spec.launches.map(({ uniformOffset: at }) => (at < 0 ? null : [at]));
    this.#stages = new Stages(device, spec.launches);
  }

  run(call: Run): void {
    this.#device.enqueue(this, call);
  }

  free(): void {
    this.#device.afterWaiting(() => {
      for (const buffer of [...this.#banks, this.#uniforms, this.#flags]) buffer?.destroy();
    });
  }

  get ready(): Promise<void> {
    return this.#stages.ready;
  }

  /** Whether `encode` can be called now. @throws what kept its pipelines from being made. */
  get isReady(): boolean {
    return this.#stages.isReady;
  }

  /**
   * Writes one run's uniforms and gives its commands, in one pass. The plan has to be ready.
   * @param timestampWrites when the launches begin and end, for who measures them
   */
  encode(call: Run, timestampWrites?: GPUComputePassTimestampWrites): GPUCommandBuffer {
    if (this.#hasRun) this.#stages.improve();
    this.#hasRun = true;
    this.#writeUniforms(call);
    const { gpu } = this.#device;
    const groups = this.#bindings.groupsFor(call);
    // Without labels: they cost as much as a launch, every time.
    const encoder = gpu.createCommandEncoder();
    const { launches } = this.#spec;
    const { probe } = this.#device;
    if (probe !== null) probe.encode(encoder, this.#ready(call, groups));
    else if (launches.length > 0) {
      const pass = encoder.beginComputePass(timestampWrites && { timestampWrites });
      for (let i = 0; i < launches.length; i++) {
        this.#dispatch(pass, i, groups[i]);
      }
      pass.end();
    }
    this.#copy(encoder, call);
    return encoder.finish();
  }

  #dispatch(pass: GPUComputePassEncoder, i: number, group: GPUBindGroup): void {
    const { launches, pipelines } = this.#stages;
    const { workgroups } = launches[i];
    const dynamic = this.#dynamic[i];
    pass.setPipeline(pipelines![i]);
    pass.setBindGroup(0, group);
    if (dynamic !== null) pass.setBindGroup(1, this.#uniformGroup, dynamic);
    pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
  }

  /** The launches for a probe to encode. */
  #ready(call: Run, groups: readonly GPUBindGroup[]): ReadyLaunch[] {
    return this.#stages.launches.map((spec, i) => ({
      spec,
      resources: () => spec.bindings.map((binding) => this.#bindings.resource(binding, call)),
      encode: (pass, group = groups[i]) => this.#dispatch(pass, i, group),
    }));
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
      if (x === 0 || !fault) return;
      this.#device.faults.add(new dataErrors[fault.kind](fault.message));
    });
  }

  get hasFaults(): boolean {
    return this.#flags !== null;
  }

  #bindUniforms(uniforms: GPUBuffer): GPUBindGroup {
    const { gpu, pipelines } = this.#device;
    return gpu.createBindGroup({
      label: "uniforms",
      layout: pipelines.uniformLayout,
      entries: [{ binding: 0, resource: { buffer: uniforms, size: this.#spec.uniformStride } }],
    });
  }

  /**
   * Writes the words that are not what they were at the run before; at first all of them: wgpu
   * zeroes what was never written of a buffer, and a little more.
   */
  #writeUniforms({ scalars, sources, targets }: Run): void {
    const [words, floats] = [this.#words, this.#floats];
    let [first, end] = this.#isWritten ? [words.length, 0] : [0, words.length];
    for (const word of this.#spec.uniforms) {
      const { at } = word;
      const before = words[at];
      if (word.kind === "scalar") {
        const value = scalars[word.index];
        if (isFloat(word.dtype)) floats[at] = value;
        else words[at] = word.dtype === "bool" ? Number(value !== 0) : value;
      } else {
        const storage = word.kind === "source" ? sources[word.index] : targets[word.index];
        words[at] = storage.offset / word.bytes + word.start;
      }
      if (words[at] === before) continue;
      first = Math.min(first, at);
      end = Math.max(end, at + 1);
    }
    if (this.#uniforms === null || end <= first) return;
    this.#isWritten = true;
    this.#device.gpu.queue.writeBuffer(this.#uniforms, 4 * first, words, first, end - first);
  }

  #copy(encoder: GPUCommandEncoder, call: Run): void {
    for (const { from, to, bytes } of this.#spec.copies) {
      const [a, b] = [this.#place(from, call), this.#place(to, call)];
      encoder.copyBufferToBuffer(a.buffer, a.offset, b.buffer, b.offset, bytes);
    }
  }

  #place(place: CopyPlace, call: Run): { buffer: GPUBuffer; offset: number } {
    const { kind, offset } = place;
    if (kind === "bank") return { buffer: this.#banks[place.bank], offset };
    const storage = (kind === "source" ? call.sources : call.targets)[place.index] as GpuStorage;
    return { buffer: storage.buffer, offset: storage.offset + offset };
  }
}
