import type { TimedStep } from "./measurement.ts";
import type { Peaks } from "./peaks.ts";
import type { KernelProfile, LaunchProfile, Profile, StepProfile } from "./summarize.ts";
import { profileTable } from "./table.ts";
import { type ChromeTrace, traceOf } from "./trace.ts";

/** Where the time of a step goes: data, a table (`String(report)`) and a trace. */
export class ProfileReport implements Profile {
  readonly device: string;
  readonly method: Profile["method"];
  readonly steps: number;
  readonly peaks: Peaks;
  readonly step: StepProfile;
  readonly kernels: readonly KernelProfile[];
  readonly launches: readonly LaunchProfile[];
  readonly notes: readonly string[];
  readonly #timed: readonly TimedStep[];

  constructor(made: Profile, timed: readonly TimedStep[]) {
    this.device = made.device;
    this.method = made.method;
    this.steps = made.steps;
    this.peaks = made.peaks;
    this.step = made.step;
    this.kernels = made.kernels;
    this.launches = made.launches;
    this.notes = made.notes;
    this.#timed = timed;
  }

  /** The kernels as a table, those that take longest first, and what holds for the whole step. */
  toString(): string {
    return profileTable(this);
  }

  /**
   * The timed steps in Chrome's trace event format: write it to a file as JSON and open it in
   * chrome://tracing or ui.perfetto.dev. The host is one track, the device's kernels another.
   */
  toChromeTrace(): ChromeTrace {
    return traceOf(this, this.#timed);
  }
}

/** Prints the table of a report. */
export function printProfile(report: ProfileReport): void {
  console.log(String(report));
}
