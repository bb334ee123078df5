import * as ops from "../../../src/ops/index.ts";
import { booleans, distinct, exactly, integers, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, type Inputs } from "./composed.ts";

type Loss = Parameters<typeof ops.crossEntropy>[2];
const entropy = (name: string, options: Loss, samples: () => Inputs[]): Composed =>
  composed(
    `crossEntropy ${name}`,
    ((x: Tensor, y: Tensor, weight?: Tensor) =>
      ops.crossEntropy(x, y, { ...options, weight })) as never,
    samples,
  );

export const losses = (): Composed[] => {
  const rows = (): Inputs[] => [
    [uniform([4, 5]), integers([4], 0, 5)],
    [uniform([2, 5, 3]), integers([2, 3], 0, 5)],
    // Never the label that is left out below: the mean of no rows is NaN.
    [uniform([5]), exactly([], [3], "int32")],
    [uniform([300, 3]), integers([300], 0, 3)],
    [uniform([4, 5]), uniform([4, 5], 0, 1)],
  ];
  const weighted = (): Inputs[] => [
    [uniform([4, 5]), exactly([4], [1, 4, 0, 2], "int32"), uniform([5], 0.5, 2)],
  ];
  return [
    entropy("mean", {}, rows),
    entropy("sum", { reduction: "sum" }, rows),
    entropy("none", { reduction: "none" }, rows),
    entropy("smoothed", { labelSmoothing: 0.1 }, rows),
    entropy("ignoring", { ignoreIndex: 2 }, () => rows().slice(0, 4)),
    entropy("weighted", { labelSmoothing: 0.2, ignoreIndex: 0 }, weighted),
    composed("mseLoss", ops.mseLoss as never, () => [[uniform([2, 3]), uniform([2, 3])]]),
    composed("l1Loss", ops.l1Loss as never, () => [[distinct([2, 3]), distinct([2, 3], 0.31)]]),
    ...pairs(),
    ...margins(),
    ...others(),
    composed("where of three", ops.where as never, () => [
      [booleans([3]), uniform([2, 3]), uniform([])],
    ]),
  ];
};

type Pair = (x: Tensor, target: Tensor) => Tensor;
const pair = (name: string, f: Pair, inputs: Inputs): Composed =>
  composed(name, f as never, () => [inputs]);

const pairs = (): Composed[] => [
  pair("binaryCrossEntropyWithLogits", (x, t) => ops.binaryCrossEntropyWithLogits(x, t), [
    uniform([3, 4]),
    uniform([3, 4], 0, 1),
  ]),
  pair("huberLoss", (x, t) => ops.huberLoss(x, t, { delta: 0.5, reduction: "none" }), [
    distinct([2, 3]),
    distinct([2, 3], 0.31),
  ]),
  pair("klDiv", (x, t) => ops.klDiv(x, t, { reduction: "batchmean" }), [
    uniform([3, 4], -3, -1),
    uniform([3, 4], 0.1, 1),
  ]),
  pair("poissonNllLoss", (x, t) => ops.poissonNllLoss(x, t, { full: true }), [
    uniform([2, 3]),
    exactly([2, 3], [0.5, 3, 2.5, 0.25, 4, 1.5]),
  ]),
  composed("gaussianNllLoss", ops.gaussianNllLoss as never, () => [
    [uniform([2, 3]), uniform([2, 3]), uniform([2], 0.5, 2)],
  ]),
];

const signs = () => exactly([4], [1, -1, 1, -1], "int32");
const margins = (): Composed[] => [
  pair("hingeEmbeddingLoss", (x, t) => ops.hingeEmbeddingLoss(x, t), [distinct([4]), signs()]),
  pair("multiMarginLoss", (x, t) => ops.multiMarginLoss(x, t, { p: 2 }), [
    distinct([3, 4], 0.17),
    integers([3], 0, 4),
  ]),
  pair("multilabelMarginLoss", ops.multilabelMarginLoss, [
    distinct([2, 4], 0.17),
    exactly([2, 4], [3, 0, -1, 1, 2, -1, 0, 0], "int32"),
  ]),
  composed(
    "tripletMarginLoss",
    ((...x: [Tensor, Tensor, Tensor]) =>
      ops.tripletMarginLoss(...x, { swap: true, reduction: "none" })) as never,
    () => [[uniform([3, 4]), uniform([3, 4]), uniform([3, 4])]],
  ),
  composed(
    "cosineEmbeddingLoss",
    ((a: Tensor, b: Tensor) =>
      ops.cosineEmbeddingLoss(a, b, ops.tensor([1, -1], { device: a.device }), {
        margin: -0.9,
      })) as never,
    () => [[uniform([2, 4]), uniform([2, 4])]],
  ),
];

const others = (): Composed[] => [
  composed(
    "ctcLoss of logits",
    ((x: Tensor, targets: Tensor) =>
      ops.ctcLoss(ops.logSoftmax(x, -1), targets, [4, 3], [2, 1])) as never,
    () => [[uniform([4, 2, 3]), integers([2, 2], 1, 3)]],
  ),
  pair("sigmoidFocalLoss", (x, t) => ops.sigmoidFocalLoss(x, t), [
    uniform([2, 3]),
    uniform([2, 3], 0, 1),
  ]),
  composed(
    "softmaxFocalLoss",
    ((x: Tensor, labels: Tensor, alpha: Tensor) =>
      ops.softmaxFocalLoss(x, labels, { alpha, gamma: 0.5 })) as never,
    () => [[uniform([2, 3]), integers([2], 0, 3), uniform([3], 0.2, 1)]],
  ),
  pair("diceLoss", (x, t) => ops.diceLoss(x, t, { logits: true, squared: false }), [
    uniform([2, 3]),
    uniform([2, 3], 0, 1),
  ]),
  pair("ntXentLoss", (a, b) => ops.ntXentLoss(a, b), [uniform([2, 3]), uniform([2, 3])]),
  composed(
    "infoNceLoss",
    ((a: Tensor, b: Tensor, negatives: Tensor) => ops.infoNceLoss(a, b, { negatives })) as never,
    () => [[uniform([2, 3]), uniform([2, 3]), uniform([4, 3])]],
  ),
];
