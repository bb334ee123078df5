import type { GradientNorms } from "./steps.ts";
import type { TrainConfig, TrainResult } from "./train.ts";

/** Everything a run leaves behind but its weights: the contents of history.json. */
export interface History {
  device: string;
  /** "MLP 64-128-64-10" */
  network: string;
  config: TrainConfig;
  examples: { train: number; test: number };
  layers: string[];
  epochs: TrainResult["epochs"];
  gradients: GradientNorms[];
  testAccuracy: number;
}
