import * as ops from "../../../src/ops/index.ts";
import { booleans, distinct, exactly, integers, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, type Inputs, unary } from "./composed.ts";

type Three = (x: Tensor, index: Tensor, source: Tensor) => Tensor;
const three = (name: string, f: Three, samples: () => Inputs[]): Composed =>
  composed(name, f as never, samples);

type Two = (x: Tensor, other: Tensor) => Tensor;
const two = (name: string, f: Two, samples: () => Inputs[]): Composed =>
  composed(name, f as never, samples);

const reductions: readonly ops.ScatterReduce[] = ["sum", "mean", "prod", "amax", "amin"];

const scattering = (): Composed[] => [
  three(
    "scatterAdd",
    (x, i, s) => ops.scatterAdd(x, 0, i, s),
    () => [[uniform([4, 3]), integers([6, 2], 0, 4), uniform([6, 3])]],
  ),
  three(
    "scatter, the last one wins",
    (x, i, s) => ops.scatter(x, 1, i, s),
    () => [[uniform([3, 4], -2, 2, "transposed"), integers([2, 6], 0, 4), uniform([2, 6])]],
  ),
  two(
    "scatter of a number",
    (x, i) => ops.scatter(x, 0, i, 2.5),
    () => [[uniform([4, 3]), integers([2, 3], 0, 4)]],
  ),
  ...reductions.map((reduce, r) =>
    three(
      `scatterReduce ${reduce}`,
      (x, i, s) => ops.scatterReduce(x, 1, i, s, reduce, { includeSelf: r % 2 === 0 }),
      () => [[distinct([2, 5], 0.3), integers([2, 4], 0, 5), distinct([2, 4], 0.23)]],
    ),
  ),
  three(
    "put",
    (x, i, s) => ops.put(x, i, s, { accumulate: true }),
    () => [[uniform([2, 3]), integers([4], -6, 6), uniform([4])]],
  ),
];

const slices = (): Composed[] => [
  three(
    "indexAdd",
    (x, i, s) => ops.indexAdd(x, 1, i, s, { alpha: -2 }),
    () => [[uniform([2, 4]), integers([5], 0, 4), uniform([2, 5])]],
  ),
  three(
    "indexCopy",
    (x, i, s) => ops.indexCopy(x, 1, i, s),
    () => [[uniform([2, 4, 2]), integers([5], 0, 4), uniform([2, 5, 2])]],
  ),
  two(
    "indexFill",
    (x, i) => ops.indexFill(x, 1, i, 3),
    () => [[uniform([2, 4]), integers([2], 0, 4)]],
  ),
  three(
    "indexReduce",
    (x, i, s) => ops.indexReduce(x, 0, i, s, "prod"),
    () => [[uniform([3, 2], 0.5, 2), integers([4], 0, 3), uniform([4, 2], 0.5, 2)]],
  ),
  three(
    "indexPut",
    (x, i, s) => ops.indexPut(x, [i, null, ops.add(i, 1)], s, { accumulate: true }),
    () => [[uniform([3, 2, 4]), integers([3], -3, 2), uniform([3, 2])]],
  ),
  two(
    "at with tensors",
    (x, i) => ops.at(x, "::-1", i, null),
    () => [[uniform([3, 4]), integers([2, 2], -4, 4)]],
  ),
  three(
    "setAt with tensors",
    (x, i, s) => ops.setAt(x, ["1:", i], s),
    () => [[uniform([3, 4]), integers([2], -4, 4), uniform([2, 1])]],
  ),
  two(
    "setAt with ranges",
    (x, s) => ops.setAt(x, "::-2, 1, ...", s),
    () => [[uniform([4, 2, 3]), uniform([2, 3])]],
  ),
];

const bags = (): Composed[] => {
  const rows = () => [integers([2, 3], 0, 5), distinct([5, 2], 0.3)] as const;
  return [
    two(
      "embedding",
      (i, w) => ops.embedding(i, w),
      () => [[...rows()]],
    ),
    two(
      "embeddingBag max",
      (i, w) => ops.embeddingBag(i, w, { mode: "max" }),
      () => [[...rows()]],
    ),
    three(
      "embeddingBag with offsets",
      (i, w, offsets) => ops.embeddingBag(i, w, { offsets }),
      () => [[integers([6], 0, 5), uniform([5, 2]), exactly([3], [0, 2, 2], "int32")]],
    ),
  ];
};

export const places = (): Composed[] => [
  two(
    "take",
    (x, i) => ops.take(x, i, 1),
    () => [
      [uniform([2, 5, 3]), integers([2, 2], -5, 5)],
      [uniform([2, 5]), integers([], 0, 5)],
    ],
  ),
  two(
    "take of the flattened",
    (x, i) => ops.take(x, i),
    () => [[uniform([2, 3]), integers([2, 2], -6, 6)]],
  ),
  two(
    "takeAlongDim",
    (x, i) => ops.takeAlongDim(x, i, 1),
    () => [[uniform([3, 4]), integers([1, 2], 0, 4)]],
  ),
  two(
    "gather",
    (x, i) => ops.gather(x, 1, i),
    () => [[uniform([4, 5, 3]), integers([2, 6, 3], 0, 5)]],
  ),
  unary("oneHot", (x) => ops.oneHot(x, 6), [integers([2, 3], 0, 6)]),
  two(
    "maskedFill",
    (x, mask) => ops.maskedFill(x, mask, -1),
    () => [[uniform([2, 3]), booleans([3])]],
  ),
  three("maskedScatter", ops.maskedScatter, () => [
    [uniform([2, 3]), booleans([2, 3]), uniform([6])],
  ]),
  ...scattering(),
  ...slices(),
  ...bags(),
];
