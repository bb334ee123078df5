import type { LaunchSpec } from "../gpu/spec.ts";
import { type Method, median, type Plain, type TimedStep } from "./measurement.ts";
import type { Peaks } from "./peaks.ts";

/** What one launch of the step takes. */
export interface LaunchProfile {
  /** The ops it computes, with their shapes. */
  readonly label: string;
  readonly milliseconds: number;
  /** Read and written, if every element of its values is touched once. */
  readonly bytes: number;
  /** Additions and multiplications; 0 where the kernel does not say. */
  readonly flops: number;
  readonly workgroups: readonly [number, number, number];
}

/** The launches of one label, in one step together. */
export interface KernelProfile {
  readonly label: string;
  /** How many there are in a step. */
  readonly launches: number;
  readonly milliseconds: number;
  /** Of the time of all kernels, from 0 to 1. */
  readonly share: number;
  readonly bytes: number;
  readonly flops: number;
  readonly bytesPerSecond: number;
  readonly flopsPerSecond: number;
  /** Which of the adapter's two limits it is nearer to. */
  readonly limit: "bandwidth" | "compute";
  /** How much of that limit it reaches: 1 is what the adapter was seen to do at most. */
  readonly ofPeak: number;
}

/** Means of one step. */
export interface StepProfile {
  /** From one step to the next in a loop. */
  readonly milliseconds: number;
  /** The host's work until everything is enqueued, without waiting for the device. */
  readonly hostMilliseconds: number;
  /** The sum of the kernels. */
  readonly kernelMilliseconds: number;
  /** Of the step, from 0 to 1: the time in which no kernel runs. */
  readonly idleShare: number;
  readonly launches: number;
  readonly submits: number;
  /** By the host, to the device: uniforms and uploaded data. */
  readonly bytesWritten: number;
  readonly bytes: number;
  readonly flops: number;
}

export interface Profile {
  /** Which device ran, in words. */
  readonly device: string;
  readonly method: Method;
  /** How many steps were measured in each way. */
  readonly steps: number;
  readonly peaks: Peaks;
  readonly step: StepProfile;
  /** The kernels by label, those that take longest first. */
  readonly kernels: readonly KernelProfile[];
  /** Every launch of a step, in order. */
  readonly launches: readonly LaunchProfile[];
  /** What to know when reading the figures. */
  readonly notes: readonly string[];
}

export interface Times {
  readonly milliseconds: number;
  readonly plain: Plain;
  readonly timed: readonly TimedStep[];
  readonly method: Method;
  readonly steps: number;
}

/** Puts together what was measured: medians over the steps that launched the same kernels. */
export function summarize(device: string, peaks: Peaks, times: Times): Profile {
  const { method, steps, timed, plain, milliseconds } = times;
  const alike = likeTheLast(timed);
  const launches = launchesOf(alike);
  const sum = (of: (launch: LaunchProfile) => number) => launches.reduce((s, l) => s + of(l), 0);
  const kernelMilliseconds = sum((l) => l.milliseconds);
  const step = {
    milliseconds,
    hostMilliseconds: plain.host,
    kernelMilliseconds,
    idleShare: Math.max(0, 1 - kernelMilliseconds / milliseconds),
    launches: launches.length,
    submits: plain.submits,
    bytesWritten: plain.bytesWritten,
    bytes: sum((l) => l.bytes),
    flops: sum((l) => l.flops),
  };
  const kernels = kernelsOf(launches, kernelMilliseconds, peaks);
  const notes = notesOf(step, timed.length - alike.length, method);
  return { device, method, steps, peaks, step, kernels, launches, notes };
}

/** Steps may differ (one in ten prints, the first makes its optimizer): the last one is taken. */
function likeTheLast(timed: readonly TimedStep[]): TimedStep[] {
  const key = ({ launches }: TimedStep) => launches.map(({ spec }) => spec.label).join("\n");
  const last = key(timed[timed.length - 1]);
  return timed.filter((step) => key(step) === last);
}

function launchesOf(steps: readonly TimedStep[]): LaunchProfile[] {
  return steps[steps.length - 1].launches.map(({ spec }, i) => {
    const nanoseconds = median(steps.map(({ launches }) => launches[i].end - launches[i].begin));
    return { ...describe(spec), milliseconds: nanoseconds / 1e6 };
  });
}

export function describe({ label, bytes, flops, workgroups }: LaunchSpec) {
  return { label, bytes, flops, workgroups };
}

function kernelsOf(
  launches: readonly LaunchProfile[],
  total: number,
  peaks: Peaks,
): KernelProfile[] {
  const groups = new Map<string, LaunchProfile[]>();
  for (const launch of launches) {
    const group = groups.get(launch.label);
    if (group) group.push(launch);
    else groups.set(launch.label, [launch]);
  }
  const kernels = [...groups.values()].map((group) => kernelOf(group, total, peaks));
  return kernels.sort((a, b) => b.milliseconds - a.milliseconds);
}

function kernelOf(group: readonly LaunchProfile[], total: number, peaks: Peaks): KernelProfile {
  const sum = (of: (launch: LaunchProfile) => number) => group.reduce((s, l) => s + of(l), 0);
  const milliseconds = sum((l) => l.milliseconds);
  const bytes = sum((l) => l.bytes);
  const flops = sum((l) => l.flops);
  const perSecond = (work: number) => (milliseconds === 0 ? 0 : (1000 * work) / milliseconds);
  const ofBandwidth = perSecond(bytes) / peaks.bytesPerSecond;
  const ofCompute = perSecond(flops) / peaks.flopsPerSecond;
  return {
    label: group[0].label,
    launches: group.length,
    milliseconds,
    share: total === 0 ? 0 : milliseconds / total,
    bytes,
    flops,
    bytesPerSecond: perSecond(bytes),
    flopsPerSecond: perSecond(flops),
    limit: ofCompute > ofBandwidth ? "compute" : "bandwidth",
    ofPeak: Math.max(ofBandwidth, ofCompute),
  };
}

function notesOf(step: StepProfile, others: number, method: Method): string[] {
  const notes: string[] = [];
  if (others > 0) {
    notes.push(`${others} of the timed steps launched other kernels and were left out.`);
  }
  if (step.kernelMilliseconds > 1.05 * step.milliseconds) {
    const why = method === "alone" ? "was timed by itself" : "had a pass of its own";
    notes.push(
      `The kernels add up to more than the step: each ${why}, or the machine was busy meanwhile.`,
    );
  }
  return notes;
}
