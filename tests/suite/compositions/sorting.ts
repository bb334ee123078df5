import * as ops from "../../../src/ops/index.ts";
import {
  distinct,
  exactly,
  integers,
  type SampleInput,
  uniform,
} from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, unary } from "./composed.ts";

const { NaN: nan } = Number;
const holes = (): SampleInput[] => [exactly([2, 4], [1, 4, 2.5, -1, 3, -2, 0.5, 7])];

export const sorting = (): Composed[] => [
  unary("sort", (x) => ops.sort(x, 0, { descending: true }).values, [distinct([5, 3])]),
  unary("sort of long lines", (x) => ops.sort(x, 1).values, [distinct([2, 1100], 0.01)]),
  unary("argsort", (x) => ops.argsort(x), [
    exactly([2, 5], [1, nan, 1, -0, 0, 2, 2, -1, nan, 2]),
    integers([1, 600], -50, 50),
  ]),
  unary("topk", (x) => ops.topk(x, 2, { axis: 1, largest: false }).values, [distinct([2, 5, 2])]),
  unary("median", (x) => ops.median(x), [distinct([2, 5])]),
  unary("medianWithIndices", (x) => ops.medianWithIndices(x, 0).values, [distinct([4, 3])]),
  unary("nanmedian", (x) => ops.nanmedianWithIndices(x, 1).indices, [
    exactly([3, 4], [nan, 4, 2, 9, 1, 2, 3, 4, nan, nan, nan, nan]),
  ]),
  unary("mode", (x) => ops.mode(x).indices, [
    exactly([2, 6], [1, 2, 2, 1, 3, 0, 4, 4, 4, 1, 2, 3]),
  ]),
  unary("quantile", (x) => ops.quantile(x, [0.1, 0.55, 1], { axis: 1 }), holes()),
  composed(
    "nanquantile",
    ((x: Tensor, q: Tensor) => ops.nanquantile(x, q, { axis: 0 })) as never,
    () => [[distinct([5, 2]), exactly([2], [0.3, 0.85])]],
  ),
  composed(
    "searchsorted with a sorter",
    ((x: Tensor, v: Tensor) =>
      ops.searchsorted(x, v, { sorter: ops.argsort(x), right: true })) as never,
    () => [[distinct([2, 5]), uniform([2, 3])]],
  ),
  unary("bincount", (x) => ops.bincount(x, { length: 5 }), [integers([300], 0, 7)]),
  composed(
    "bincount with weights",
    ((x: Tensor, weights: Tensor) => ops.bincount(x, { weights, length: 4 })) as never,
    () => [[integers([9], 0, 4), uniform([9])]],
  ),
  unary("histc", (x) => ops.histc(x, { bins: 4, min: -1, max: 1 }), [uniform([5, 7], -1.5, 1.5)]),
  unary("histogram", (x) => ops.histogram(x, { bins: 5, density: true }).hist, [uniform([30])]),
];
