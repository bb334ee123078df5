import { CompileError, DeviceError, ValueError } from "../core/errors.ts";
import { AloneTimer } from "../gpu/aloneTimer.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { PassTimer } from "../gpu/passTimer.ts";
import type { Device } from "../tensor/device.ts";
import { defaultDevice } from "../tensor/op.ts";
import { recorder, refuseTracing } from "../tensor/recorder.ts";
import { isExact, isPlausible } from "./clock.ts";
import { Measurement, type Method, type Plain, type TimedStep } from "./measurement.ts";
import { measurePeaks } from "./peaks.ts";
import { ProfileReport } from "./report.ts";
import { summarize } from "./summarize.ts";

export interface ProfileOptions {
  /** Steps that are measured in each of the three ways; 10 by default. */
  readonly steps?: number;
  /** Steps before them, for plans and pipelines to be made; 3 by default. */
  readonly warmUp?: number;
  /** How kernels are timed; without it, as the adapter's clock allows. */
  readonly method?: Method;
  /** The device to look at; the default one if it is left out. */
  readonly device?: Device;
}

const busy = new WeakSet<GpuDevice>();

/**
 * Runs a training step and says where its time goes: per kernel GPU time, bytes, FLOPs, and how
 * near it comes to what the adapter can do; per step the host's time, launches, submits.
 *
 * The step really runs: `warmUp` times, then `steps` times one behind the other (for the time of a
 * step), `steps` times with the device idle before each (for the host's time), and `steps` times
 * with a pass for each launch (for the kernels; once with the method "alone"). What it computes is
 * what it computes without a profile, bit for bit.
 * @param step is called without arguments and awaited, as in `() => trainStep(x, y)`
 * @throws ValueError when `step` is no function or launches nothing; DeviceError on the cpu device,
 *   when the device is lost, and while another profile of it runs; what `step` throws
 */
export function profile(step: () => unknown, options: ProfileOptions = {}): Promise<ProfileReport> {
  const { steps = 10, warmUp = 3 } = options;
  if (typeof step !== "function") {
    throw new ValueError(
      `profile: the step is not a function; got ${step === null ? "null" : typeof step}. ` +
        "Pass one that runs a step: `await profile(() => trainStep(x, y))`.",
    );
  }
  checkCount("steps", steps, 1);
  checkCount("warmUp", warmUp, 0);
  const device = deviceOf(options);
  busy.add(device);
  return new Profiler(device, step, steps, options.method)
    .run(warmUp)
    .finally(() => busy.delete(device));
}

function checkCount(name: string, count: number, least: number): void {
  if (Number.isSafeInteger(count) && count >= least) return;
  throw new ValueError(
    `profile: ${name} is not a whole number from ${least} on; got ${count}. Use one such as 10.`,
  );
}

function deviceOf({ device = defaultDevice("profile") as Device, method }: ProfileOptions) {
  if (recorder.capture !== null) {
    throw new CompileError(
      "profile: called inside a compiled function, which only records. " +
        "Profile the compiled function from outside: `await profile(() => step(x, y))`.",
    );
  }
  refuseTracing("profile is called");
  if (device.kind !== "webgpu") {
    throw new DeviceError(
      `profile: kernels run on webgpu only; got ${device}. ` +
        'Use init({ device: "webgpu" }), or the profiler of your JavaScript runtime.',
    );
  }
  if (busy.has(device)) {
    throw new DeviceError(
      `profile: another profile of ${device} is under way. Await that one first.`,
    );
  }
  if (method === "timestamps" && !device.gpu.features.has("timestamp-query")) {
    throw new DeviceError(
      `profile: ${device} has no timestamp queries. Leave method out, or use "alone".`,
    );
  }
  if (method !== undefined && method !== "timestamps" && method !== "alone") {
    throw new ValueError(
      `profile: unknown method "${method}". Use "timestamps" or "alone", or leave it out.`,
    );
  }
  return device;
}

class Profiler {
  readonly #device: GpuDevice;
  readonly #measurement: Measurement;
  readonly #steps: number;
  readonly #method: Method | undefined;

  constructor(device: GpuDevice, step: () => unknown, steps: number, method?: Method) {
    this.#device = device;
    this.#measurement = new Measurement(device, step);
    this.#steps = steps;
    this.#method = method;
  }

  async run(warmUp: number): Promise<ProfileReport> {
    const measurement = this.#measurement;
    try {
      await measurement.timeTogether(warmUp);
      const milliseconds = await measurement.timeTogether(this.#steps);
      const plain = await measurement.timeApart(this.#steps);
      const { method, timed } = await this.#timeKernels();
      return this.#report(milliseconds, plain, method, timed);
    } finally {
      measurement.end();
    }
  }

  async #timeKernels(): Promise<{ method: Method; timed: TimedStep[] }> {
    const device = this.#device;
    const measurement = this.#measurement;
    if (this.#method !== "alone" && device.gpu.features.has("timestamp-query")) {
      const timed = await measurement.timeKernels(new PassTimer(device), this.#steps);
      const launches = timed.flatMap((step) => step.launches);
      const isRight = isPlausible(launches);
      if (this.#method === "timestamps" && !isRight) {
        throw new DeviceError(
          `profile: the time stamps of ${device} run backwards. Use the method "alone".`,
        );
      }
      const isGood = this.#method === "timestamps" || isExact(launches);
      if (isRight && isGood) return { method: "timestamps", timed };
    }
    return { method: "alone", timed: await measurement.timeKernels(new AloneTimer(device), 1) };
  }

  async #report(milliseconds: number, plain: Plain, method: Method, timed: TimedStep[]) {
    if (timed.every(({ launches }) => launches.length === 0)) {
      throw new ValueError(
        `profile: the step launched nothing on ${this.#device}. Await what it computes: ` +
          "a compiled step, `await opt.step()` or `await y.data()`.",
      );
    }
    const peaks = await measurePeaks(this.#device);
    const device = String(this.#device);
    const times = { milliseconds, plain, timed, method, steps: this.#steps };
    return new ProfileReport(summarize(device, peaks, times), timed);
  }
}
