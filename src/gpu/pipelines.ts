import { platform } from "#platform";
import { ShaderError } from "./errors.ts";
import type { PipelineMaker } from "./platform/pipelines.ts";
import type { LaunchSpec } from "./spec.ts";

const COMPUTE = 4;
/** Pipelines that are kept for plans to come; plans keep their own. */
const MOST_PIPELINES = 1024;

/**
 * Pipelines by their WGSL, which holds every constant; each is made only once while it is among the
 * latest that were asked for.
 */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #make: PipelineMaker;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  /** Group 1 of every kernel: its uniforms, at an offset chosen per dispatch. */
  readonly uniformLayout: GPUBindGroupLayout;

  constructor(device: GPUDevice, software: boolean) {
    this.#device = device;
    this.#make = platform.pipelineMaker(device, software);
    this.uniformLayout = device.createBindGroupLayout({
      label: "uniforms",
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true } },
      ],
    });
  }

  /** The layout of group 0 by which bindings are written. */
  layout(spec: LaunchSpec): GPUBindGroupLayout {
    const key = spec.bindings.map((b) => (b.write ? "w" : "r")).join("");
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      layout = this.#device.createBindGroupLayout({
        label: `bindings ${key}`,
        entries: spec.bindings.map(({ write }, binding) => ({
          binding,
          visibility: COMPUTE,
          buffer: { type: write ? "storage" : "read-only-storage" },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  get(spec: LaunchSpec): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(spec.code);
    const pipeline = known ?? this.#create(spec);
    // The order of a Map is that of insertion: what was used last stands last.
    if (known !== undefined) this.#pipelines.delete(spec.code);
    this.#pipelines.set(spec.code, pipeline);
    if (this.#pipelines.size > MOST_PIPELINES) {
      const [oldest] = this.#pipelines.keys();
      this.#pipelines.delete(oldest);
    }
    return pipeline;
  }

  /** Lets a pipeline go that no plan to come will need. */
  forget({ code }: LaunchSpec): void {
    this.#pipelines.delete(code);
  }

  async #create(spec: LaunchSpec): Promise<GPUComputePipeline> {
    const device = this.#device;
    // A wrong module is told of by the pipeline below, with the kernel's name; not here as well.
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label: spec.label, code: spec.code });
    void device.popErrorScope();
    const groups = [this.layout(spec)];
    if (spec.uniformOffset >= 0) groups.push(this.uniformLayout);
    const layout = device.createPipelineLayout({ label: spec.label, bindGroupLayouts: groups });
    try {
      return await this.#make({
        label: spec.label,
        layout,
        compute: { module, entryPoint: "main" },
      });
    } catch (cause) {
      const { explain } = await import("./shaderReport.ts");
      throw await explain(spec, module, cause, ShaderError);
    }
  }
}
