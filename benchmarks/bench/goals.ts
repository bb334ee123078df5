import type { Goal } from "./report.ts";

/** What the cases have to reach: the ratio to the best peer, or a value of tapegrad's own. */
export const goals = {
  matmul1024: { ratio: 1.7 },
  bmm64: { ratio: 1.5 },
  elementwise: { ratio: 2 },
  sum: { ratio: 1.4 },
  softmax: { ratio: 3 },
  conv: { ratio: 1.8 },
  convTrain: { ratio: 2 },
  mlp: { ratio: 1.9 },
  cnn: { ratio: 3 },
  lstm: { ratio: 3.2 },
  chromiumMlp: { ratio: 1.5 },
  chromiumCnn: { ratio: 2.2 },
  chromiumLstm: { ratio: 2.5 },
  hostMlp: { ratio: 20, value: 0.15 },
  hostCnn: { ratio: 20, value: 0.2 },
  hostLstm: { ratio: 20, value: 0.25 },
  launchesMlp: { value: 12 },
  launchesCnn: { value: 17 },
  launchesLstm: { value: 16 },
  launchesLstm256: { value: 16 },
  coldStart: { ratio: 1.4 },
  memoryMlp: { ratio: 1 },
  memoryCnn: { ratio: 1 },
  memoryLstm: { ratio: 1 },
  matmulOfHand: { ratio: 0.85, against: "limit" },
  addBandwidth: { ratio: 0.8, against: "limit" },
} as const satisfies Record<string, Goal>;

export type RowName = keyof typeof goals;

export const rowNames = Object.keys(goals) as RowName[];

/** The goal of a row, as plain data. */
export const goalOf = (name: RowName): Goal => goals[name];
