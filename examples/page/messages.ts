import type { EpochRecord, StepRecord } from "../digits/records.ts";

/** From the page to the worker. */
export type Command = { type: "start" } | { type: "stop" };

/** A test image, its class, and what the network says of it. */
export interface Sample {
  /** 64 values in [0, 1], row by row. */
  pixels: Float32Array;
  label: number;
}

export interface Prediction {
  digit: number;
  /** Probability that the network gives to `digit`. */
  probability: number;
}

/** From the worker to the page. */
export type Report =
  | { type: "ready"; device: string; kind: "webgpu" | "cpu"; samples: Sample[]; epochs: number }
  | { type: "step"; epoch: number; done: number; steps: number }
  | { type: "epoch"; record: EpochRecord; steps: StepRecord[]; predictions: Prediction[] }
  | { type: "done"; stopped: boolean }
  | { type: "error"; message: string };

/** The data set as the page fetches it: a `Split` with plain arrays. */
export interface SplitText {
  readonly train: { readonly x: readonly number[]; readonly y: readonly number[] };
  readonly test: SplitText["train"];
  readonly features: number;
}
