import type { Run } from "../../core/ir.ts";
import type { GpuStorage } from "../buffers.ts";
import type { GpuDevice } from "../device.ts";
import type { GpuPlan } from "../encode.ts";
import type { BindingSpec, LaunchSpec, PlanSpec, UniformWord } from "../spec.ts";
import type { Scratch } from "./scratch.ts";

/** The stages of one launch cut out of a plan, to run by themselves on scratch memory. */
export class Trial {
  readonly name: string;
  readonly #device: GpuDevice;
  readonly #spec: PlanSpec;
  readonly #launches: readonly LaunchSpec[];
  readonly #call: Run;
  #made: { readonly repeats: number; readonly plan: GpuPlan };
  #scratch: Run | null = null;

  /**
   * @param spec the plan in which the launch was written as this variant
   * @param call the run that waits: it says how large its buffers are, and gives its numbers
   */
  constructor(device: GpuDevice, name: string, spec: PlanSpec, launches: LaunchSpec[], call: Run) {
    this.name = name;
    this.#device = device;
    this.#spec = spec;
    this.#launches = launches;
    this.#call = call;
    this.#made = { repeats: 1, plan: this.#make(1) };
  }

  /** Resolves when its shaders are compiled. @throws ShaderError where one is wrong. */
  async compiled(): Promise<void> {
    const { plan } = this.#made;
    await plan.ready;
    void plan.isReady;
  }

  /** Gives it memory; outputs and inputs alike are scratch. */
  place(scratch: Scratch): void {
    const storages = new Map<string, GpuStorage>();
    for (const { code, bindings } of this.#launches) {
      bindings.forEach((binding, i) => {
        const key = this.#keyOf(binding);
        const type = elementAt(code, i);
        if (storages.has(key)) return;
        const buffer = scratch.buffer(storages.size, this.#bytesOf(binding), type);
        storages.set(key, wholeOf(buffer));
      });
    }
    // The run's own storages come first: only their offsets are read, for the uniforms.
    const sources = [...this.#call.sources, ...storages.values()];
    this.#scratch = { ...this.#call, sources };
  }

  /** The plan that runs it so often, and with what. */
  async repeated(repeats: number): Promise<{ plan: GpuPlan; call: Run }> {
    if (this.#made.repeats !== repeats) {
      this.#made.plan.free();
      this.#made = { repeats, plan: this.#make(repeats) };
      await this.compiled();
    }
    return { plan: this.#made.plan, call: this.#scratch! };
  }

  /** @param kept the variant that is used from now on: what it needs stays compiled */
  free(kept: Trial | undefined): void {
    this.#made.plan.free();
    const needed = new Set(kept === undefined ? [] : kept.#launches.map(({ code }) => code));
    for (const launch of this.#launches) {
      if (!needed.has(launch.code)) this.#device.pipelines.forget(launch);
    }
  }

  #make(repeats: number): GpuPlan {
    const { uniformStride } = this.#spec;
    const keys = new Map<string, number>();
    const uniforms: UniformWord[] = [];
    const launches = this.#launches.map((launch, at): LaunchSpec => {
      uniforms.push(...this.#uniformsOf(launch, at));
      const bindings = launch.bindings.map((binding): BindingSpec => {
        const key = this.#keyOf(binding);
        if (!keys.has(key)) keys.set(key, this.#call.sources.length + keys.size);
        return { kind: "source", index: keys.get(key)!, part: null, write: binding.write };
      });
      return {
        ...launch,
        // What is timed is the variant itself, not what runs before it is compiled.
        quick: undefined,
        bindings,
        uniformOffset: launch.uniformOffset < 0 ? -1 : at * uniformStride,
      };
    });
    return this.#device.make({
      ...this.#spec,
      launches: Array.from({ length: repeats }, () => launches).flat(),
      banks: [],
      uniforms,
      copies: [],
      faults: [],
      sources: this.#call.sources.length + keys.size,
    });
  }

  /** The words of a launch, moved to where launch number `at` has its own. */
  #uniformsOf({ uniformOffset }: LaunchSpec, at: number): UniformWord[] {
    const { uniforms, uniformStride } = this.#spec;
    if (uniformOffset < 0) return [];
    const words = uniformStride / 4;
    const first = uniformOffset / 4;
    return uniforms
      .filter((word) => word.at >= first && word.at < first + words)
      .map((word) => ({ ...word, at: word.at - first + at * words }));
  }

  /** Bindings of the same memory have the same key. */
  #keyOf(binding: BindingSpec): string {
    if (binding.kind === "bank") return `bank ${binding.bank}+${binding.offset}:${binding.size}`;
    if (binding.kind === "flags") return "flags";
    const { buffer } = this.#storage(binding);
    const places = [...this.#call.sources, ...this.#call.targets] as GpuStorage[];
    const first = places.findIndex((storage) => storage.buffer === buffer);
    return `buffer ${first}${binding.part === null ? "" : `+${binding.part.offset}`}`;
  }

  #bytesOf(binding: BindingSpec): number {
    if (binding.kind === "bank") return binding.size;
    if (binding.kind === "flags") return Math.max(256, this.#spec.faults.length * 4);
    return binding.part?.size ?? this.#storage(binding).buffer.size;
  }

  #storage({ kind, index }: { kind: "source" | "target"; index: number }): GpuStorage {
    const storages = kind === "source" ? this.#call.sources : this.#call.targets;
    return storages[index] as GpuStorage;
  }
}

/** All that a plan asks of a storage. */
const wholeOf = (buffer: GPUBuffer): GpuStorage => ({ buffer, offset: 0 }) as GpuStorage;

/** What a shader declares the elements of a binding to be: `f32` of `array<vec4<f32>>`. */
function elementAt(code: string, binding: number): string {
  const declared = new RegExp(`@binding\\(${binding}\\) var<storage[^:]*: array<(?:vec4<)?(\\w+)`);
  return declared.exec(code)?.[1] ?? "f32";
}
