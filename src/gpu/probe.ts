import type { LaunchSpec } from "./spec.ts";

/** One launch of a run, ready to be encoded. */
export interface ReadyLaunch {
  readonly spec: LaunchSpec;
  /** What its bindings cover in this run. */
  resources(): GPUBufferBinding[];
  /** Sets and dispatches it; `group` stands in for its own bindings. */
  encode(pass: GPUComputePassEncoder, group?: GPUBindGroup): void;
}

/** Encodes the launches of a run in place of the plan, which puts them into one pass. */
export interface Probe {
  encode(encoder: GPUCommandEncoder, launches: readonly ReadyLaunch[]): void;
}
