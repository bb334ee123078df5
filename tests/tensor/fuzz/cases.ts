import type { CaseData } from "./graphData.ts";

/**
 * Graphs that once gave something else than float64, or do so when a rule of the planner is left
 * out; shrunk. Every run of the fuzzer begins with them. Paste here what a failing run prints, with
 * a line on what was wrong.
 */
export const cases: readonly { readonly was: string; readonly data: CaseData }[] = [
  {
    was: "a kernel that a checkpoint runs again from the same inputs took the first one's place",
    data: {
      seed: 0,
      leaves: [
        { shape: [4], dtype: "float32", grad: true },
        { shape: [2, 4], dtype: "float32", grad: false },
      ],
      steps: [
        {
          op: "checkpoint",
          on: 9,
          numbers: [],
          body: [
            { op: "softmax", on: 9, numbers: [1] },
            { op: "mul", on: 9, numbers: [] },
            { op: "tanh", on: 0, numbers: [] },
          ],
        },
      ],
      outputs: [0],
      target: "as the adapter is",
      together: true,
    },
  },
  {
    was: "a view of no elements was read from before its base",
    data: {
      seed: 0,
      leaves: [{ shape: [3, 1, 8], dtype: "float32", grad: true }],
      steps: [
        { op: "diagonal", on: 0, numbers: [1] },
        { op: "flipAll", on: 0, numbers: [] },
        { op: "reshape", on: 0, numbers: [] },
      ],
      outputs: [0],
      target: "as the adapter is",
      together: false,
    },
  },
  {
    was: "a value may not join a launch that another of its inputs waits for",
    data: {
      seed: 0,
      leaves: [{ shape: [2], dtype: "float32", grad: true }],
      steps: [
        { op: "logSoftmax", on: 0, numbers: [] },
        { op: "gather", on: 0, numbers: [] },
      ],
      outputs: [0],
      target: "as the adapter is",
      together: true,
    },
  },
  {
    was: "a launch may not read the flat gradient that it writes a part of",
    data: {
      seed: 0,
      leaves: [{ shape: [2], dtype: "float32", grad: true }],
      steps: [{ op: "div", on: 0, numbers: [2, 1] }],
      outputs: [0],
      target: "as the adapter is",
      together: true,
      training: { optimizer: "sgd", clip: false },
    },
  },
];
