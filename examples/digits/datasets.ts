/** The bundled data sets, and the network and rates that suit them. */
export const datasets = {
  digits: { hidden: [128, 64], classes: 10, epochs: 20, adamLr: 1e-3 },
  iris: { hidden: [32], classes: 3, epochs: 60, adamLr: 1e-2 },
  wine: { hidden: [32], classes: 3, epochs: 60, adamLr: 1e-2 },
  breast_cancer: { hidden: [32], classes: 2, epochs: 60, adamLr: 1e-2 },
} as const;

export type DatasetName = keyof typeof datasets;

/** Examples as rows of `features` numbers, and the class of each. */
export interface Examples {
  x: Float32Array;
  y: Int32Array;
  count: number;
}

export interface Split {
  train: Examples;
  test: Examples;
  features: number;
}
