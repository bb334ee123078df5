import type { CaseName } from "../cases.ts";
import type { Peak } from "./side.ts";

/** What the runner asks of a side, one at a time; each has one answer. */
export interface Requests {
  /** Opens WebGPU and builds a case, then computes and reads once. */
  prepare: { name: CaseName; sizes?: unknown };
  /** A block of steps with one read at its end. */
  block: { steps: number };
  /** The mean magnitude of all numbers of an operation's newest result. */
  magnitude: Record<never, never>;
  /** What one step asks of WebGPU, counted in WebGPU's own objects. */
  launches: Record<never, never>;
  /** Mean time of awaited steps, the loss read at every tenth; stops when `steps` of them would
   *  take  longer than the cap. */
  loop: { steps: number; capMs: number };
  /** The most memory that the process had so far. */
  memory: Record<never, never>;
  /** Measures the adapter with kernels made for it; the hand-written side alone knows it. */
  peak: Record<never, never>;
}

export interface Answers {
  prepare: {
    adapter: string;
    value: number;
    /** Milliseconds from the start of the process or page to the first result. */
    sinceStart: number;
    note?: string;
  };
  block: {
    /** Milliseconds of one step. */
    ms: number;
    value: number;
    /** Of the last step. */
    index: number;
  };
  /** Null where the side computes something else, to compare times alone. */
  magnitude: { value: number | null };
  launches: { launches: number };
  loop: { ms: number; steps: number };
  memory: { megabytes: number };
  peak: Peak;
}

export type RequestType = keyof Requests;

export type Request = { [Type in RequestType]: { type: Type } & Requests[Type] }[RequestType];

/** One line of JSON from a side's process. */
export type Reply = { ok: unknown } | { error: string };
