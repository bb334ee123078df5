import { describeAdapter, isSoftware } from "../../src/gpu/adapter.ts";

/** A storage buffer as a kernel sees it; several buffers are taken in turn, one for each batch. */
export interface Binding {
  readonly name: string;
  readonly buffer: GPUBuffer | readonly GPUBuffer[];
  /** Elements; vec4f unless said otherwise. */
  readonly type?: "f32" | "vec4f";
  readonly write?: boolean;
}

export interface KernelText {
  readonly label: string;
  readonly bindings: readonly Binding[];
  readonly workgroupSize: readonly [number, number];
  readonly grid: readonly [number, number?, number?];
  /** Declarations of workgroup memory. */
  readonly shared?: string;
  /** `gid`, `lid`, `wid` and `local` are the built-in indices. */
  readonly body: string;
}

export interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly GPUBindGroup[];
  readonly grid: readonly [number, number?, number?];
}

const declare = ({ name, type = "vec4f", write }: Binding, index: number): string =>
  `@group(0) @binding(${index}) var<storage, ${write ? "read_write" : "read"}> ` +
  `${name}: array<${type}>;`;

const textOf = ({ bindings, shared = "", workgroupSize, body }: KernelText): string => `
${bindings.map(declare).join("\n")}
${shared}
@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
  @builtin(workgroup_id) wid: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
${body}
}`;

const isMany = (buffer: Binding["buffer"]): buffer is readonly GPUBuffer[] => Array.isArray(buffer);

const limitNames = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
] as const;

/** Raw WebGPU with everything made beforehand: static buffers, ready pipelines and bind groups. */
export class Machine {
  readonly device: GPUDevice;
  readonly description: string;
  /** It computes on the CPU. */
  readonly software: boolean;
  #staging: GPUBuffer;

  private constructor(device: GPUDevice, info: GPUAdapterInfo) {
    this.device = device;
    this.description = describeAdapter(info);
    this.software = isSoftware(info);
    this.#staging = this.#stage(16);
  }

  static async open(): Promise<Machine> {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) throw new Error("the hand-written side found no WebGPU adapter");
    const requiredLimits = Object.fromEntries(
      limitNames.map((name) => [name, adapter.limits[name]]),
    );
    const device = await adapter.requestDevice({ requiredLimits });
    device.addEventListener("uncapturederror", ({ error }) => {
      throw new Error(`WebGPU: ${error.message}`);
    });
    return new Machine(device, adapter.info);
  }

  #stage(size: number): GPUBuffer {
    return this.device.createBuffer({
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }

  /** A buffer of `count` float32, whole vec4, zero where no data is given. */
  buffer(count: number, data?: Float32Array): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const made = this.device.createBuffer({ size: Math.ceil(count / 4) * 16, usage });
    if (data) this.device.queue.writeBuffer(made, 0, data as Float32Array<ArrayBuffer>);
    return made;
  }

  kernel(text: KernelText): Launch {
    const module = this.device.createShaderModule({ label: text.label, code: textOf(text) });
    const pipeline = this.device.createComputePipeline({
      layout: "auto",
      compute: { module, entryPoint: "main" },
    });
    const counts = text.bindings.map(({ buffer }) => (isMany(buffer) ? buffer.length : 1));
    const layout = pipeline.getBindGroupLayout(0);
    const groups = Array.from({ length: Math.max(...counts) }, (_, turn) => {
      const entries = text.bindings.map(({ buffer }, binding) => {
        const chosen = isMany(buffer) ? buffer[turn % buffer.length] : buffer;
        return { binding, resource: { buffer: chosen } };
      });
      return this.device.createBindGroup({ layout, entries });
    });
    return { pipeline, groups, grid: text.grid };
  }

  /** All launches in one pass and one submit, `times` over. */
  run(launches: readonly Launch[], turn = 0, times = 1): void {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) {
      for (const { pipeline, groups, grid } of launches) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, groups[turn % groups.length]);
        pass.dispatchWorkgroups(...grid);
      }
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Reads `count` float32 from element `start`, after all that was submitted. */
  async read(buffer: GPUBuffer, count: number, start = 0): Promise<Float32Array> {
    const size = 4 * count;
    if (this.#staging.size < size) {
      this.#staging.destroy();
      this.#staging = this.#stage(size);
    }
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 4 * start, this.#staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(GPUMapMode.READ, 0, size);
    const data = new Float32Array(this.#staging.getMappedRange(0, size).slice(0));
    this.#staging.unmap();
    return data;
  }

  /** Milliseconds of one run: the median of three, each long enough to measure. */
  async time(launches: readonly Launch[], targetMs = 100): Promise<number> {
    const measure = async (times: number) => {
      const start = performance.now();
      this.run(launches, 0, times);
      await this.device.queue.onSubmittedWorkDone();
      return (performance.now() - start) / times;
    };
    await measure(1);
    const times = Math.max(1, Math.min(200, Math.round(targetMs / (await measure(1)))));
    const measured = [await measure(times), await measure(times), await measure(times)];
    return measured.sort((a, b) => a - b)[1];
  }
}
