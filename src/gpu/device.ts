import type { DeviceApi } from "../core/device.ts";
import { bytesOf, type DType, type TypedArray } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import { decodeHalves, encodeHalves } from "../core/half.ts";
import type { Executable, Run, Storage, Target } from "../core/ir.ts";
import type { AdapterSearch } from "./adapter.ts";
import { BufferPool, type GpuStorage } from "./buffers.ts";
import { GpuPlan } from "./encode.ts";
import { Faults, ShaderError } from "./errors.ts";
import { Pipelines } from "./pipelines.ts";
import { Readback } from "./readback.ts";
import type { PlanSpec } from "./spec.ts";

/** Runs that may be on their way before `settle` waits for the oldest. */
const IN_FLIGHT = 4;
/** A loop that never awaits cannot be told of anything: it is stopped here. */
const MOST_UNAWAITED = 2000;

const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
] as const;

/** What is used where an adapter has it. */
const FEATURES = ["shader-f16"] as const;

export interface GpuOptions {
  /** Smaller limits than the device's, to test that everything works within them. */
  readonly limits?: Partial<Target>;
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
  readonly #pool: BufferPool;
  readonly #readback: Readback;
  /** Runs whose pipelines are still being made wait here, in order. */
  #waiting: { plan: GpuPlan; call: Run }[] = [];
  #draining: Promise<void> | null = null;
  #inFlight: Promise<void>[] = [];
  /** What to tell those who wait for the device when it is lost. */
  readonly #untilLost = new Set<() => void>();
  #sinceTurn = 0;
  #destroyed = false;
  #joining = false;
  /** Commands that go with the next submit. */
  #joined: GPUCommandBuffer[] = [];
  #scratch: GPUBuffer | null = null;
  /** Plans that may have flagged a fault since it was last read. */
  readonly #flagged = new Set<GpuPlan>();
  #looking: Promise<void> | null = null;

  private constructor(gpu: GPUDevice, search: AdapterSearch, options: GpuOptions) {
    this.gpu = gpu;
    this.software = search.software;
    const kind = search.software ? `software adapter, ${search.source}` : "hardware";
    this.line = `webgpu (${search.description}; ${kind})`;
    const { limits, features } = gpu;
    this.hasFloat16 = features.has("shader-f16");
    this.target = {
      software: search.software,
      maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxBindings: limits.maxStorageBuffersPerShaderStage,
      maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      fuse: true,
      choose: (_shapes, [first]) => first,
      ...options.limits,
    };
    this.#pool = new BufferPool(gpu);
    this.#readback = new Readback(gpu);
    this.pipelines = new Pipelines(gpu);
    this.#watch();
  }

  /** Asks the adapter for a device with what it has of the limits that help. */
  static async create(search: AdapterSearch, options: GpuOptions = {}): Promise<GpuDevice> {
    const { adapter } = search;
    if (adapter === null) {
      throw new DeviceError(`init: no WebGPU adapter. ${search.problems.join(" ")}`);
    }
    const requiredLimits: Record<string, number> = {};
    for (const name of LIMITS) requiredLimits[name] = adapter.limits[name];
    const requiredFeatures = FEATURES.filter((name) => adapter.features.has(name));
    const wanted = { label: "tapegrad", requiredLimits, requiredFeatures };
    const gpu = await adapter.requestDevice(wanted);
    return new GpuDevice(gpu, search, options);
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
    if (!this.#destroyed && this.#waiting.length === 0) this.#pool.release(storage as GpuStorage);
  }

  load(spec: PlanSpec): Executable {
    this.#alive("plan");
    return new GpuPlan(this, spec);
  }

  /** Encodes a run now, or after those that wait for their pipelines. */
  enqueue(plan: GpuPlan, call: Run): void {
    this.#alive("run");
    if (++this.#sinceTurn > MOST_UNAWAITED) {
      throw new DeviceError(
        `run: ${MOST_UNAWAITED} runs were enqueued without one await; nothing can finish, be read ` +
          "or be reported meanwhile. Await the step: `await opt.step()`, `await step(x, y)`.",
      );
    }
    if (this.#waiting.length === 0 && plan.isReady) this.#submitRun(plan, call);
    else {
      this.#waiting.push({ plan, call });
      this.#draining ??= this.#drain();
    }
  }

  /** Runs enqueued by `enqueue` go along with the next run, in its submit. */
  joinNext(enqueue: () => void): void {
    this.#joining = true;
    try {
      enqueue();
    } finally {
      this.#joining = false;
    }
  }

  /** Calls `run` when no run waits for its pipelines any more. */
  afterWaiting(run: () => void): void {
    if (this.#draining === null) run();
    else void this.#draining.then(run);
  }

  async read(storage: Storage, size: number, dtype: DType): Promise<TypedArray> {
    this.#alive("data");
    if (size === 0) return typed(new ArrayBuffer(0), dtype);
    await this.#draining;
    this.faults.throwIfAny();
    const { buffer, offset } = storage as GpuStorage;
    // A segment of float16 may begin between the multiples of four that WebGPU copies from.
    const lead = offset % 4;
    const bytes = size * bytesOf(dtype);
    const words = await this.readBuffer(buffer, offset - lead, Math.ceil((lead + bytes) / 4) * 4);
    return typed(words.byteLength === bytes ? words : words.slice(lead, lead + bytes), dtype);
  }

  async readBuffer(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const submit = (commands: GPUCommandBuffer) => this.#submit(commands);
    const read = this.#readback.read(buffer, offset, bytes, submit);
    const result = await this.#unlessLost(read);
    this.#sinceTurn = 0;
    return result;
  }

  /** After a loss a map may stay pending for ever: the loss itself ends the wait. */
  #unlessLost<T>(wait: Promise<T>): Promise<T> {
    // Not a race with `gpu.lost`: that promise would keep every loser until the device goes.
    return new Promise((resolve, reject) => {
      const lost = () => {
        wait.catch(() => "the loss is what is reported");
        reject(
          this.faults.lost ?? new DeviceError("data: the device was lost. Call init() again."),
        );
      };
      const end = () => this.#untilLost.delete(lost);
      this.#untilLost.add(lost);
      wait.then(resolve, reject).finally(end);
    });
  }

  async settle(): Promise<void> {
    if (this.#joined.length > 0) this.#submit();
    await this.#draining;
    if (this.#inFlight.length > IN_FLIGHT) await this.#inFlight[this.#inFlight.length - IN_FLIGHT];
    this.#lookForFaults();
    this.faults.throwIfAny();
  }

  /** @throws what went wrong on the device up to now; waits for the flags of runs before. */
  async check(): Promise<void> {
    this.#lookForFaults();
    await this.#looking;
    this.faults.throwIfAny();
  }

  /** Reads the fault flags of finished runs, without anyone waiting: the next await tells. */
  #lookForFaults(): void {
    if (this.#flagged.size === 0 || this.#looking !== null) return;
    const plans = [...this.#flagged];
    this.#flagged.clear();
    this.#looking = Promise.all(plans.map((plan) => plan.checkFaults())).then(
      () => {
        this.#looking = null;
      },
      (error: Error) => {
        this.#looking = null;
        this.faults.add(error);
      },
    );
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#pool.destroy();
    this.#readback.destroy();
    this.gpu.destroy();
  }

  /** Copies between places that may lie in one buffer, which WebGPU refuses to do directly. */
  copyWithin(
    encoder: GPUCommandEncoder,
    from: GPUBuffer,
    start: number,
    to: GpuStorage,
    bytes: number,
  ): void {
    if (from !== to.buffer) {
      encoder.copyBufferToBuffer(from, start, to.buffer, to.offset, bytes);
      return;
    }
    if (this.#scratch === null || this.#scratch.size < bytes) {
      this.#scratch?.destroy();
      const label = "scratch for copies";
      this.#scratch = this.gpu.createBuffer({ label, size: Math.max(bytes, 256), usage: 0xc });
    }
    encoder.copyBufferToBuffer(from, start, this.#scratch, 0, bytes);
    encoder.copyBufferToBuffer(this.#scratch, 0, to.buffer, to.offset, bytes);
  }

  #submitRun(plan: GpuPlan, call: Run): void {
    const commands = plan.encode(call);
    if (plan.hasFaults) this.#flagged.add(plan);
    if (this.#joining) {
      this.#joined.push(commands);
      return;
    }
    this.#submit(commands);
    const done = this.gpu.queue.onSubmittedWorkDone().then(() => {
      this.#inFlight.shift();
      this.#sinceTurn = 0;
    });
    this.#inFlight.push(done);
  }

  #submit(...commands: GPUCommandBuffer[]): void {
    this.gpu.queue.submit([...this.#joined, ...commands]);
    this.#joined = [];
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { plan, call } = this.#waiting[0];
      await plan.ready;
      try {
        if (plan.isReady) this.#submitRun(plan, call);
      } catch (error) {
        this.faults.add(error as Error);
      }
      this.#waiting.shift();
    }
    this.#draining = null;
  }

  #clear(storage: GpuStorage): void {
    const encoder = this.gpu.createCommandEncoder({ label: "clear" });
    encoder.clearBuffer(storage.buffer);
    this.#submit(encoder.finish());
  }

  #watch(): void {
    this.gpu.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.faults.add(new ShaderError(`device: ${error.message}`));
    });
    void this.gpu.lost.then(({ reason, message }) => {
      if (!this.#destroyed) this.faults.lose(`${reason || "unknown"}: ${message}`);
      for (const tell of this.#untilLost) tell();
    });
  }

  #alive(op: string): void {
    if (this.#destroyed) {
      throw new DeviceError(`${op}: the device was destroyed. Call init() for another one.`);
    }
    this.faults.throwIfAny();
  }
}

/** Host values as the 32-bit words that the device holds. */
function words(values: ArrayLike<number>, dtype: DType): GPUAllowSharedBufferSource {
  if (dtype === "float32") {
    return values instanceof Float32Array ? exact(values) : Float32Array.from(values);
  }
  if (dtype === "int32") {
    return values instanceof Int32Array ? exact(values) : Int32Array.from(values);
  }
  if (dtype === "float16") return halfWords(values);
  if (dtype === "bool") return Uint32Array.from(values, (v) => (v === 0 ? 0 : 1));
  return values instanceof Uint32Array ? exact(values) : Uint32Array.from(values);
}

/** Two elements a word; an odd one has a zero beside it. */
function halfWords(values: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const halves = encodeHalves(values);
  if (halves.length % 2 === 0) return halves;
  const padded = new Uint16Array(halves.length + 1);
  padded.set(halves);
  return padded;
}

const exact = <T extends TypedArray>(values: T): GPUAllowSharedBufferSource =>
  values as unknown as GPUAllowSharedBufferSource;

function typed(bytes: ArrayBuffer, dtype: DType): TypedArray {
  if (dtype === "float32") return new Float32Array(bytes);
  if (dtype === "float16") return decodeHalves(new Uint16Array(bytes));
  if (dtype === "int32") return new Int32Array(bytes);
  if (dtype === "uint32") return new Uint32Array(bytes);
  return Uint8Array.from(new Uint32Array(bytes));
}
