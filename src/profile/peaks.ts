import { DeviceError } from "../core/errors.ts";
import { AloneTimer } from "../gpu/aloneTimer.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { PassTimer, type TimedLaunch } from "../gpu/passTimer.ts";
import type { LaunchSpec, PlanSpec } from "../gpu/spec.ts";
import { isExact, isPlausible } from "./clock.ts";
import { copyKernels, type PeakKernel, productKernels } from "./peakKernels.ts";

/** The most that an adapter was seen to do. */
export interface Peaks {
  /** Bytes read and written in a second by a kernel that only copies. */
  readonly bytesPerSecond: number;
  /** Float32 additions and multiplications in a second by a kernel that does only them. */
  readonly flopsPerSecond: number;
}

const RUNS = 8;

const known = new WeakMap<GpuDevice, Promise<Peaks>>();

/**
 * Measures what the device can do at most: bytes per second of a copy that exceeds its caches, and
 * float32 operations per second of multiply-add chains in registers. Several ways of writing each
 * are tried, and the fastest run counts. It is done once for each device and takes about a second
 * on a software adapter.
 * @throws DeviceError on the cpu device, which runs no kernels
 */
export function measurePeaks(device: GpuDevice): Promise<Peaks> {
  if (device.kind !== "webgpu") {
    throw new DeviceError(
      `measurePeaks: kernels run on webgpu only; got ${device}. Call init({ device: "webgpu" }).`,
    );
  }
  let peaks = known.get(device);
  if (peaks === undefined) {
    peaks = measure(device);
    known.set(device, peaks);
    peaks.catch(() => known.delete(device));
  }
  return peaks;
}

async function measure(device: GpuDevice): Promise<Peaks> {
  const copies = copyKernels(device.target);
  const products = productKernels(device.target);
  return {
    bytesPerSecond: await best(device, copies, (launch) => launch.bytes),
    flopsPerSecond: await best(device, products, (launch) => launch.flops),
  };
}

/** The most work per second that any of the kernels does in its fastest run. */
async function best(
  device: GpuDevice,
  kernels: readonly PeakKernel[],
  workOf: (launch: LaunchSpec) => number,
): Promise<number> {
  let most = 0;
  for (const kernel of kernels) {
    for (const { spec, begin, end } of await timesOf(device, planOf(kernel))) {
      most = Math.max(most, (1e9 * workOf(spec)) / Math.max(end - begin, 1));
    }
  }
  return most;
}

const planOf = ({ banks, ...launch }: PeakKernel): PlanSpec => ({
  launches: [{ ...launch, choices: [], uniformOffset: -1 }],
  banks,
  uniformStride: 0,
  uniforms: [],
  copies: [],
  faults: [],
  sources: 0,
  targets: 0,
});

async function timesOf(device: GpuDevice, plan: PlanSpec): Promise<TimedLaunch[]> {
  if (device.gpu.features.has("timestamp-query")) {
    const timed = await timedBy(new PassTimer(device), device, plan, RUNS);
    if (isPlausible(timed) && isExact(timed)) return timed;
  }
  return timedBy(new AloneTimer(device), device, plan, 1);
}

async function timedBy(
  timer: PassTimer | AloneTimer,
  device: GpuDevice,
  plan: PlanSpec,
  runs: number,
): Promise<TimedLaunch[]> {
  const before = device.probe;
  const executable = device.loadPlan(() => plan);
  const timed: TimedLaunch[] = [];
  device.probe = timer;
  try {
    for (let i = 0; i < runs; i++) {
      executable.run({ sources: [], scalars: [], targets: [] });
      await device.settle();
      timed.push(...(await timer.collect()));
    }
  } finally {
    device.probe = before;
    executable.free();
    timer.destroy();
  }
  return timed;
}
