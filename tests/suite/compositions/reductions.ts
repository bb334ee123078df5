import * as ops from "../../../src/ops/index.ts";
import { distinct, exactly, uniform } from "../../../src/ops/samples.ts";
import { type Composed, composed, unary } from "./composed.ts";

export const reductions = (): Composed[] => [
  unary("mean", (x) => ops.mean(x, [0, -1]), [uniform([2, 3, 4])]),
  unary("variance", (x) => ops.variance(x, 1), [uniform([3, 6]), uniform([3, 6], 99, 101)]),
  unary("std", (x) => ops.std(x, 0, { correction: 0, keepDims: true }), [uniform([4, 3])]),
  unary("logSumExp", (x) => ops.logSumExp(x, 1), [uniform([3, 6]), exactly([1, 2], [1e4, 1e4])]),
  unary("argmax", (x) => ops.argmax(x, 1), [distinct([4, 6]), exactly([2, 3], [1, 1, 0, 2, 3, 3])]),
  unary("argmin of all", (x) => ops.argmin(x), [distinct([4, 6])]),
  unary("maxWithIndices", (x) => ops.maxWithIndices(x, 0).values, [distinct([4, 3])]),
  unary("nanmean", (x) => ops.nanmean(x, 1), [exactly([2, 3], [1, 0.5, 2, -1, 4, 3])]),
  unary("vectorNorm", (x) => ops.vectorNorm(x, 2, [0, 2], true), [
    uniform([2, 3, 2], -2, 2, "transposed"),
  ]),
  unary("vectorNorm of order 2.5", (x) => ops.vectorNorm(x, 2.5, 1), [
    exactly([2, 3], [1, -0.5, 2, -1, 0.7, 3]),
  ]),
  unary("vectorNorm of order -1", (x) => ops.vectorNorm(x, -1, 1), [
    exactly([2, 3], [1, -0.5, 2, -1, 0.7, 3]),
  ]),
  unary("vectorNorm of order ∞", (x) => ops.vectorNorm(x, Infinity, 0), [distinct([3, 4])]),
  composed("cosineSimilarity", ops.cosineSimilarity as never, () => [
    [uniform([3, 4], 0.5, 2), uniform([1, 4], -2, -0.5)],
  ]),
  composed("pairwiseDistance", ops.pairwiseDistance as never, () => [
    [uniform([3, 4]), uniform([4], 3, 4)],
  ]),
  unary("renorm", (x) => ops.renorm(x, 2, 0, 1), [exactly([2, 2], [0.3, 0.4, 3, -4])]),
  unary("prod with a zero", (x) => ops.prod(x, 1), [exactly([3, 3], [1, 0, 2, 0, 0, 3, 1, 2, 3])]),
  unary("prod of many", (x) => ops.prod(x, 0), [uniform([40, 2], 0.9, 1.1)]),
  unary("softmax over axis 0", (x) => ops.softmax(x, 0), [uniform([4, 2, 3])]),
  unary("logSoftmax over axis 1", (x) => ops.logSoftmax(x, 1), [
    uniform([2, 4, 3], -2, 2, "sliced"),
  ]),
  unary("second derivative of softmax", (x) => ops.mul(ops.softmax(x), ops.softmax(x)), [
    uniform([2, 3]),
  ]),
];
