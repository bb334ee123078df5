import type { PipelineMaker } from "./pipelines.ts";

export type Runtime = "node" | "deno" | "browser";

/** Which adapters a search may return. */
export type Allowed = "any" | "hardware" | "software";

/** One way to reach a WebGPU implementation, tried in the order in which a platform lists it. */
export interface Candidate {
  /** Where its adapter comes from when it turns out to be software; hardware is just "hardware". */
  readonly source: string;
  /** Opens the implementation. @throws Error saying what is wrong and how to mend it. */
  open(): Promise<GPU>;
}

/** What differs between Node, Deno and a browser when an adapter is looked for. */
export interface Platform {
  readonly runtime: Runtime;
  /** The implementation in words, e.g. "Dawn in Node". */
  readonly implementation: string;
  /** What a person can do when no adapter was found. */
  readonly advice: string;
  candidates(allow: Allowed): readonly Candidate[];
  /** How pipelines are best made for a device, whose adapter may be software. */
  pipelineMaker(device: GPUDevice, software: boolean): PipelineMaker;
  /** What TAPEGRAD_TUNE says, where there is an environment. */
  tuneMode(): string | undefined;
  /** Loads what keeps tuning records. */
  openRecords(): Promise<RecordStore>;
}

/** Small texts by name that outlive the process. */
export interface RecordStore {
  /** Where a text lies, in words, for messages. */
  place(name: string): string;
  read(name: string): Promise<string | null>;
  /** Replaces a text by what `merge` makes of it; no other writer comes between. */
  update(name: string, merge: (text: string | null) => string): Promise<void>;
}
