import { type DeviceApi, type Tuning, UNTUNED } from "../core/device.ts";
import { bytesOf, type DType, type TypedArray } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import type { Executable, Program, Run, Target } from "../core/ir.ts";
import type { Storage } from "../core/node.ts";
import type { AdapterSearch } from "./adapter.ts";
import { BufferPool, type GpuStorage } from "./buffers.ts";
import { GpuPlan, type Runnable } from "./encode.ts";
import { Faults, ShaderError } from "./errors.ts";
import { typed, words } from "./hostData.ts";
import { Pipelines } from "./pipelines.ts";
import type { Probe } from "./probe.ts";
import { Readback } from "./readback.ts";
import { RunQueue } from "./runQueue.ts";
import type { PlanSpec } from "./spec.ts";

const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
] as const;

/** What is used where an adapter has it. */
const FEATURES = ["shader-f16", "subgroups", "timestamp-query"] as const;

export interface GpuOptions {
  /** Smaller limits than the device's, to test that everything works within them. */
  readonly limits?: Partial<Target>;
  /** Features beyond those that are used wherever an adapter has them. */
  readonly features?: readonly string[];
}

/** Plans a program for a target. */
export type Plan = (program: Program, target: Target) => PlanSpec;

/** Makes a program's plan for a target: as often as a tuner has variants to try. */
export type Planner = (target: Target) => PlanSpec;

/** Decides between the variants that plans offer, before they run. */
export interface PlanTuner {
  readonly tuning: Tuning;
  load(planner: Planner): Executable;
}

/** A WebGPU device. Only `gpu/` touches the `GPUDevice` itself. */
export class GpuDevice implements DeviceApi {
  readonly kind = "webgpu";
  readonly precision = "float32";
  readonly hasFloat16: boolean;
  readonly gpu: GPUDevice;
  readonly line: string;
  readonly software: boolean;
  readonly target: Target;
  readonly pipelines: Pipelines;
  readonly faults = new Faults();
  /** Null where static rules choose. */
  tuner: PlanTuner | null = null;
  /** Times launches while a profile is taken. */
  probe: Probe | null = null;
  readonly #plan: Plan;
  readonly #pool: BufferPool;
  readonly #readback: Readback;
  readonly #runs: RunQueue;
  #destroyed = false;

  private constructor(gpu: GPUDevice, search: AdapterSearch, plan: Plan, options: GpuOptions) {
    this.gpu = gpu;
    this.#plan = plan;
    this.software = search.software;
    const kind = search.software ? `software adapter, ${search.source}` : "hardware";
    this.line = `webgpu (${search.description}; ${kind})`;
    const { limits, features } = gpu;
    this.hasFloat16 = features.has("shader-f16");
    const software = options.limits?.software ?? search.software;
    this.target = {
      software,
      apart: software && /swiftshader/i.test(search.description),
      maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxBindings: limits.maxStorageBuffersPerShaderStage,
      maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      subgroups: (features.has("subgroups") && gpu.adapterInfo?.subgroupMinSize) || 1,
      matrixUnit: null,
      fuse: true,
      quickStart: search.software,
      choose: (_shapes, [first]) => first,
      ...options.limits,
    };
    this.#pool = new BufferPool(gpu);
    this.#runs = new RunQueue(gpu.queue, this.faults);
    this.#readback = new Readback(gpu, this.#runs, this.faults);
    this.pipelines = new Pipelines(gpu, search.software);
    this.#watch();
  }

  /** Asks the adapter for a device with what it has of the limits that help. */
  static async create(
    search: AdapterSearch,
    plan: Plan,
    options: GpuOptions = {},
  ): Promise<GpuDevice> {
    const { adapter } = search;
    if (adapter === null) {
      throw new DeviceError(`init: no WebGPU adapter. ${search.problems.join(" ")}`);
    }
    const requiredLimits: Record<string, number> = {};
    for (const name of LIMITS) requiredLimits[name] = adapter.limits[name];
    const requiredFeatures = [...FEATURES, ...(options.features ?? [])].filter((name) =>
      adapter.features.has(name),
    ) as GPUFeatureName[];
    const wanted = { label: "tapegrad", requiredLimits, requiredFeatures };
    const gpu = await adapter.requestDevice(wanted);
    return new GpuDevice(gpu, search, plan, options);
  }

  toString(): string {
    return this.line;
  }

  upload(values: ArrayLike<number>, dtype: DType): Storage {
    this.#alive("tensor");
    const size = values.length;
    const storage = this.#pool.allocate(size, dtype, "tensor");
    if (size > 0) {
      this.gpu.queue.writeBuffer(storage.buffer, storage.offset, words(values, dtype));
    }
    return storage;
  }

  allocate(size: number, dtype: DType, use: "result" | "variable"): Storage {
    this.#alive(use);
    const storage = this.#pool.allocate(size, dtype, use, use === "variable");
    if (use === "variable") this.#clear(storage);
    return storage;
  }

  /** A result in a buffer of its own can be the output of a kernel; one in a slab is copied to. */
  writesDirectly(storage: Storage): boolean {
    return (storage as GpuStorage).region.bytes > 1 << 16;
  }

  segment(storage: Storage, start: number): Storage {
    return (storage as GpuStorage).segment(start);
  }

  again(storage: Storage): Storage {
    return (storage as GpuStorage).segment(0);
  }

  free(storage: Storage): void {
    // A run that still waits may need the bytes: they are then left to the garbage collector.
    if (!this.#destroyed && this.#runs.draining === null) this.#pool.release(storage as GpuStorage);
  }

  load(program: Program): Executable {
    return this.loadPlan((target) => this.#plan(program, target));
  }

  /** Makes a plan ready, or as many as a tuner tries. */
  loadPlan(planner: Planner): Executable {
    this.#alive("plan");
    return this.tuner?.load(planner) ?? this.make(planner(this.target));
  }

  /** A plan as it is, with nothing left to tune. */
  make(spec: PlanSpec): GpuPlan {
    return new GpuPlan(this, spec);
  }

  get tuning(): Tuning {
    return this.tuner?.tuning ?? UNTUNED;
  }

  /** Encodes a run now, or after those that wait for their pipelines. */
  enqueue(plan: Runnable, call: Run): void {
    this.#alive("run");
    this.#runs.enqueue(plan, call);
  }

  /** Runs enqueued by `enqueue` go along with the next run, in its submit. */
  joinNext(enqueue: () => void): void {
    this.#runs.joinNext(enqueue);
  }

  /** Calls `run` when no run waits for its pipelines any more. */
  afterWaiting(run: () => void): void {
    const { draining } = this.#runs;
    if (draining === null) run();
    else void draining.then(run);
  }

  async read(storage: Storage, size: number, dtype: DType): Promise<TypedArray> {
    this.#alive("data");
    if (size === 0) return typed(new ArrayBuffer(0), dtype);
    await this.#runs.draining;
    this.faults.throwIfAny();
    const { buffer, offset } = storage as GpuStorage;
    // A segment of float16 may begin between the multiples of four that WebGPU copies from.
    const lead = offset % 4;
    const bytes = size * bytesOf(dtype);
    const words = await this.readBuffer(buffer, offset - lead, Math.ceil((lead + bytes) / 4) * 4);
    return typed(words.byteLength === bytes ? words : words.slice(lead, lead + bytes), dtype);
  }

  readBuffer(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    return this.#readback.read(buffer, offset, bytes);
  }

  settle(): Promise<void> | null {
    return this.#runs.settle();
  }

  check(): Promise<void> {
    return this.#runs.check();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#pool.destroy();
    this.#readback.destroy();
    this.gpu.destroy();
  }

  #clear(storage: GpuStorage): void {
    const encoder = this.gpu.createCommandEncoder({ label: "clear" });
    encoder.clearBuffer(storage.buffer);
    this.#runs.submit(encoder.finish());
  }

  #watch(): void {
    this.gpu.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.faults.add(new ShaderError(`device: ${error.message}`));
    });
    void this.gpu.lost.then(({ reason, message }) => {
      if (!this.#destroyed) this.faults.lose(`${reason || "unknown"}: ${message}`);
      this.#readback.lose();
    });
  }

  #alive(op: string): void {
    if (this.#destroyed) {
      throw new DeviceError(`${op}: the device was destroyed. Call init() for another one.`);
    }
    this.faults.throwIfAny();
  }
}
