import { platform } from "#platform";
import { matmulTexts } from "../kernels/matmul/matmul.ts";
import { type TuneMode, UNTUNED } from "./core/device.ts";
import { DTypeError, ValueError } from "./core/errors.ts";
import type { GpuDevice, GpuOptions } from "./gpu/device.ts";
import { manualSeed } from "./ops/random/random.ts";
import type { Device } from "./tensor/device.ts";
import { recorder } from "./tensor/recorder.ts";

export interface InitOptions extends GpuOptions {
  /** Insist on a device; without it webgpu, or cpu with a notice where there is no adapter. */
  readonly device?: "webgpu" | "cpu";
  /** Of the cpu device: what float32 tensors are computed in. */
  readonly precision?: "float32" | "float64";
  /** Seeds the default random generator. */
  readonly seed?: number;
  /** Take only a hardware or only a software adapter. */
  readonly adapter?: "any" | "hardware" | "software";
  /**
   * Whether variants of kernels are timed on this adapter, and the fastest ones remembered: not
   * ("off"), those without a record ("on"), or all anew ("full"). Without it, what the environment
   * variable TAPEGRAD_TUNE says, else "off". See docs/tuning.md.
   */
  readonly tune?: TuneMode;
  /**
   * Multiply float32 matrices by Chrome's experimental subgroup matrices where the adapter has
   * them: see docs/tuning.md. Without it they are not used.
   */
  readonly subgroupMatrix?: boolean;
}

/**
 * Opens a device and makes it the default one: every tensor made without `device` lives there.
 * @returns the device; `device.line` says which one runs, and whether it is a software adapter
 * @throws DeviceError when `device: "webgpu"` is asked for and there is none
 * @throws ValueError when an option is none of those it can be
 */
export async function init(options: InitOptions = {}): Promise<Device> {
  await checkOptions(options);
  const tune = await tunerFor(options.tune);
  const device = await open(options);
  if (device.kind === "webgpu") await tune?.(device);
  recorder.device = device;
  if (options.seed !== undefined) manualSeed(options.seed);
  return device;
}

/** What a device needs is loaded when one is opened: a page without WebGPU does without planning,
 *  one with it does without the interpreter. */
async function open(options: InitOptions): Promise<Device> {
  if (options.device === "cpu") return openCpu(options);
  const { findAdapter, openAdapter } = await import("./webgpu.ts");
  const search = await findAdapter({ allow: options.adapter ?? "any" });
  if (search.adapter !== null || options.device === "webgpu") {
    const { features, limits } = options.subgroupMatrix
      ? (await import("./gpu/subgroupMatrix.ts")).withMatrixUnit(search, matmulTexts)
      : {};
    return openAdapter(search, { features, limits: { ...limits, ...options.limits } });
  }
  console.warn(`init: no WebGPU adapter, so the cpu device runs. ${search.problems.join(" ")}`);
  return openCpu(options);
}

/** What lets a device tune, loaded when it is asked for; null when it is off. */
async function tunerFor(option?: TuneMode): Promise<((device: GpuDevice) => Promise<void>) | null> {
  const mode = option ?? platform.tuneMode() ?? UNTUNED.mode;
  if (mode === "off") return null;
  if (mode !== "on" && mode !== "full") {
    const where = option === undefined ? "TAPEGRAD_TUNE" : "tune";
    throw new ValueError((await messages()).unknownTuning(where, mode));
  }
  const { startTuning } = await import("./gpu/tuner/start.ts");
  return (device) => startTuning(device, mode, platform);
}

async function openCpu({ precision = "float32" }: InitOptions): Promise<Device> {
  const { CpuDevice } = await import("./cpu/device.ts");
  return new CpuDevice({ precision });
}

/** Makes a device the default one for new tensors. */
export function setDefaultDevice(device: Device): void {
  recorder.device = device;
}

async function checkOptions({ device, precision, seed }: InitOptions): Promise<void> {
  if (device !== undefined && device !== "webgpu" && device !== "cpu") {
    throw new ValueError((await messages()).unknownDevice(device));
  }
  if (precision === "float64" && device !== "cpu") {
    throw new DTypeError((await messages()).onlyOnCpu());
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) {
    throw new ValueError((await messages()).unfitSeed(seed));
  }
}

const messages = () => import("./initMessages.ts");
