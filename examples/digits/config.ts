import { type DatasetName, datasets } from "./datasets.ts";
import { type OptimizerName, optimizers } from "./model.ts";

export interface TrainConfig {
  dataset: DatasetName;
  epochs: number;
  batch: number;
  optimizer: OptimizerName;
  lr: number;
  /** Largest global norm of the gradients. */
  clip: number;
  seed: number;
}

/** What suits a problem and an optimizer. */
export function defaultConfig(dataset: DatasetName, optimizer: OptimizerName): TrainConfig {
  const { epochs, adamLr } = datasets[dataset];
  const lr = optimizers[optimizer].lr ?? adamLr;
  return { dataset, epochs, batch: 32, optimizer, lr, clip: 5, seed: 0 };
}

/** The widths of the network for a problem, input and output included. */
export function widthsOf(dataset: DatasetName, features: number): number[] {
  return [features, ...datasets[dataset].hidden, datasets[dataset].classes];
}
