import type { TrainConfig } from "./config.ts";

/** Norms of the gradients before clipping: of all of them, and of each layer. */
export interface GradientNorms {
  total: number;
  layers: number[];
}

/** One step: the loss on its batch, and the norms. */
export interface StepRecord extends GradientNorms {
  loss: number;
}

/** One epoch: losses and accuracies after it, on all examples. */
export interface EpochRecord {
  epoch: number;
  trainLoss: number;
  trainAccuracy: number;
  testLoss: number;
  testAccuracy: number;
  /** Means over the epoch's steps. */
  gradients: GradientNorms;
  /** Of training alone, without the evaluation. */
  seconds: number;
}

/** Everything a run leaves behind but its weights: the contents of history.json. */
export interface History {
  device: string;
  /** "MLP 64-128-64-10" */
  network: string;
  config: TrainConfig;
  examples: { train: number; test: number };
  /** Names for the entries of `GradientNorms.layers`. */
  layers: string[];
  epochs: EpochRecord[];
  steps: StepRecord[];
  testAccuracy: number;
}
