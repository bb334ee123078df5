import { ShaderError } from "./errors.ts";
import type { LaunchSpec } from "./spec.ts";

const COMPUTE = 4;

/** Pipelines by their WGSL, which holds every constant; made concurrently, each only once. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  /** Group 1 of every kernel: its uniforms, at an offset chosen per dispatch. */
  readonly uniformLayout: GPUBindGroupLayout;

  constructor(device: GPUDevice) {
    this.#device = device;
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
    let pipeline = this.#pipelines.get(spec.code);
    if (pipeline === undefined) {
      pipeline = this.#create(spec);
      this.#pipelines.set(spec.code, pipeline);
    }
    return pipeline;
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
      return await device.createComputePipelineAsync({
        label: spec.label,
        layout,
        compute: { module, entryPoint: "main" },
      });
    } catch (cause) {
      throw await explain(spec, module, cause);
    }
  }
}

/** Names the op, the kernel and the WGSL line of a compile error. */
async function explain(spec: LaunchSpec, module: GPUShaderModule, cause: unknown) {
  const info = await module.getCompilationInfo();
  const lines = spec.code.split("\n");
  const errors = info.messages
    .filter((m) => m.type === "error")
    .map((m) => `line ${m.lineNum}: ${m.message}\n    ${lines[m.lineNum - 1] ?? ""}`);
  const text = errors.length > 0 ? errors.join("\n") : String(cause);
  return new ShaderError(
    `kernel "${spec.label}": WebGPU rejected it:\n${text}\n` +
      "This is a fault of tapegrad or of the driver; please report it with the line above.",
    { cause },
  );
}
