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
  {
    was: "views unravelled nine times in one kernel took the driver all memory",
    data: {
      seed: 392,
      leaves: [{ shape: [2, 1, 4, 8], dtype: "float32", grad: true }],
      steps: [
        { op: "sub", on: 40, numbers: [21, 11, 6, 19, 32, 0, 11, 22, 30, 18] },
        { op: "where", on: 42, numbers: [21, 57, 40, 16, 49, 16, 29, 50, 57, 50] },
        { op: "scaled", on: 0, numbers: [40, 1, 5, 57, 13, 60, 17, 20, 63, 29] },
        { op: "toUnsigned", on: 33, numbers: [15, 37, 40, 11, 26, 17, 40, 62, 33, 42] },
        { op: "windows", on: 12, numbers: [3, 14, 40, 49, 22, 36, 17, 53, 46, 17] },
        { op: "mask", on: 4, numbers: [12, 2, 42, 62, 18, 27, 16, 16, 30, 7] },
        { op: "reshape", on: 12, numbers: [2, 62, 58, 5, 37, 29, 43, 55, 59, 34] },
        { op: "slice", on: 42, numbers: [29, 41, 61, 48, 36, 4, 17, 54, 40, 15] },
        { op: "softmax", on: 27, numbers: [59, 21, 37, 62, 2, 12, 26, 45, 24, 7] },
      ],
      outputs: [35, 30, 57],
      target: "with the kernels for hardware",
      together: true,
    },
  },
  {
    was: "an index was taken apart by the size of an axis without elements",
    data: {
      seed: 0,
      steps: [
        { op: "vmap", on: 0, numbers: [], body: [{ op: "sum", on: 9, numbers: [0, 21, 3] }] },
        { op: "diagonal", on: 0, numbers: [28] },
        { op: "reshape", on: 0, numbers: [0, 0, 0, 0, 0, 0, 0, 0, 0, 25] },
        { op: "stack", on: 15, numbers: [42, 21, 36, 63, 10, 57, 60, 20, 24, 43] },
        { op: "cumprod", on: 40, numbers: [31, 6, 6, 50, 42, 59, 12, 63, 47, 59] },
        { op: "shifted", on: 22, numbers: [21, 38, 18, 46, 7, 29, 19, 10, 37, 58] },
        { op: "subIntegers", on: 13, numbers: [63, 8, 6, 9, 30, 25, 52, 62, 35, 60] },
        { op: "and", on: 54, numbers: [3, 39, 36, 22, 33, 48, 36, 40, 46, 52] },
        { op: "sin", on: 45, numbers: [11, 8, 40, 34, 5, 60, 54, 59, 22, 63] },
        { op: "atan", on: 25, numbers: [26, 5, 49, 29, 29, 62, 56, 15, 62, 17] },
        { op: "permute", on: 37, numbers: [19, 35, 12, 9, 36, 43, 30, 27, 13, 14] },
        { op: "floor", on: 54, numbers: [41, 29, 3, 48, 41, 5, 0, 28, 12, 3] },
      ],
      outputs: [36, 14],
      leaves: [{ shape: [1, 2], dtype: "float32", grad: true }],
      target: "as the adapter is",
      together: true,
    },
  },
  {
    was: "a product of a computed view was derived by another formula, and rounded otherwise",
    data: {
      seed: 0,
      leaves: [{ shape: [2, 2, 2], dtype: "float32", grad: true }],
      steps: [
        { op: "softmax", on: 0, numbers: [10] },
        { op: "reshape", on: 0, numbers: [28] },
        { op: "matmul", on: 41, numbers: [] },
        { op: "reshape", on: 0, numbers: [] },
      ],
      outputs: [0],
      target: "as the adapter is",
      together: true,
    },
  },
  {
    was: "a parameter without elements shared the place of the one that begins where it does",
    data: {
      seed: 0,
      steps: [{ op: "add", on: 0, numbers: [] }],
      outputs: [0],
      leaves: [
        { shape: [0], dtype: "float32", grad: true },
        { shape: [], dtype: "float32", grad: true },
      ],
      target: "as the adapter is",
      together: true,
      training: { optimizer: "sgd", clip: false },
    },
  },
];
