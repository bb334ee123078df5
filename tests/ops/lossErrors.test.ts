import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let x: Tensor;
let other: Tensor;
let labels: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  x = ops.ones([2, 3]);
  other = ops.ones([2, 1]);
  labels = ops.tensor([0, 3], { dtype: "int32" });
});

type Case = [string, new (m: string) => Error, () => unknown, string];

type Loss = (x: Tensor, target: Tensor, options?: ops.LossOptions) => Tensor;
const alike: Record<string, Loss> = {
  mseLoss: ops.mseLoss,
  l1Loss: ops.l1Loss,
  smoothL1Loss: ops.smoothL1Loss,
  huberLoss: ops.huberLoss,
  klDiv: ops.klDiv,
  poissonNllLoss: ops.poissonNllLoss,
  binaryCrossEntropy: ops.binaryCrossEntropy,
  binaryCrossEntropyWithLogits: ops.binaryCrossEntropyWithLogits,
  sigmoidFocalLoss: ops.sigmoidFocalLoss,
  diceLoss: ops.diceLoss,
  hingeEmbeddingLoss: ops.hingeEmbeddingLoss,
  softMarginLoss: ops.softMarginLoss,
  multilabelMarginLoss: ops.multilabelMarginLoss,
  multilabelSoftMarginLoss: ops.multilabelSoftMarginLoss,
};

const cases: Case[] = [
  ...Object.entries(alike).flatMap(([name, loss]): Case[] => [
    [name, ShapeError, () => loss(x, other), `${name}: prediction and target differ in shape`],
  ]),
  ...Object.entries(alike)
    .filter(([name]) => name !== "multilabelMarginLoss")
    .concat(Object.entries({ ntXentLoss: ops.ntXentLoss, infoNceLoss: ops.infoNceLoss }))
    .map(([name, loss]): Case => {
      const options = { reduction: "average" as never };
      return [`${name} reduced`, ValueError, () => loss(x, x, options), "unknown reduction"];
    }),
  ["delta", ValueError, () => ops.huberLoss(x, x, { delta: 0 }), "delta is not above 0"],
  ["beta", ValueError, () => ops.smoothL1Loss(x, x, { beta: -1 }), "beta is not at least 0"],
  [
    "weight",
    ShapeError,
    () => ops.binaryCrossEntropy(x, x, { weight: ops.ones([4]) }),
    "the weight does not fit the losses",
  ],
  [
    "variance",
    ShapeError,
    () => ops.gaussianNllLoss(x, x, ops.ones([3])),
    "the variances do not fit",
  ],
  ["label", IndexError, () => ops.nllLoss(x, labels), "nllLoss: label outside 0..2"],
  [
    "a label that PyTorch leaves out",
    IndexError,
    () => ops.crossEntropy(x, ops.tensor([0, -100], { dtype: "int32" })),
    "got -100 in labels [2]. Pass ignoreIndex: -100 to leave such rows out",
  ],
  [
    "a label beside those left out",
    IndexError,
    () => ops.crossEntropy(x, labels, { ignoreIndex: -100 }),
    "crossEntropy: label outside 0..2; got values from 0 to 3",
  ],
  [
    "focal alpha",
    ValueError,
    () => ops.sigmoidFocalLoss(x, x, { alpha: 2 }),
    "alpha is not between 0 and 1; got 2",
  ],
  ["focal gamma", ValueError, () => ops.sigmoidFocalLoss(x, x, { gamma: -1 }), "at least 0"],
  ["focal labels", DTypeError, () => ops.softmaxFocalLoss(x, x), "labels are whole numbers"],
  [
    "focal weights",
    ShapeError,
    () => ops.softmaxFocalLoss(x, ops.zeros([2], { dtype: "int32" }), { alpha: ops.ones([2]) }),
    "the alpha does not fit",
  ],
  ["dice", ValueError, () => ops.diceLoss(x, x, { smooth: -1 }), "smooth is not at least 0"],
  ["views", ShapeError, () => ops.ntXentLoss(x, other), "not two batches of one shape"],
  ["temperature", ValueError, () => ops.ntXentLoss(x, x, { temperature: 0 }), "not above 0"],
  [
    "negatives",
    ShapeError,
    () => ops.infoNceLoss(x, x, { negatives: ops.ones([2, 4]) }),
    "Give [M, 3]",
  ],
  ["float label", DTypeError, () => ops.nllLoss(x, ops.ones([2])), "labels are whole numbers"],
  ["labels", ShapeError, () => ops.nllLoss(x, ops.zeros([3], { dtype: "int32" })), "do not fit"],
  [
    "class weight",
    ShapeError,
    () => ops.crossEntropy(x, ops.zeros([2], { dtype: "int32" }), { weight: ops.ones([2]) }),
    "crossEntropy: the weight does not fit",
  ],
  [
    "no classes",
    ShapeError,
    () => ops.crossEntropy(ops.ones([2, 0]), ops.cast(ops.ones([2]), "int32")),
    "crossEntropy: there are no classes",
  ],
  ["smoothing", ValueError, () => ops.crossEntropy(x, x, { labelSmoothing: 2 }), "between 0 and 1"],
  ["margin label", IndexError, () => ops.multiMarginLoss(x, labels), "label outside 0..2"],
  ["margin float", DTypeError, () => ops.multiMarginLoss(x, ops.ones([2])), "whole numbers"],
  [
    "power",
    ValueError,
    () => ops.multiMarginLoss(x, ops.zeros([2], { dtype: "int32" }), { p: 3 as never }),
    "p is neither 1 nor 2",
  ],
  ["multilabel float", DTypeError, () => ops.multilabelMarginLoss(x, x), "whole numbers"],
  [
    "multilabel",
    IndexError,
    () => ops.multilabelMarginLoss(ops.ones([2]), labels),
    "multilabelMarginLoss: label outside 0..1",
  ],
  ["triplet", ShapeError, () => ops.tripletMarginLoss(x, x, ops.ones([3])), "equally many axes"],
  [
    "ranking",
    ShapeError,
    () => ops.marginRankingLoss(x, x, ops.ones([2])),
    "numbers of axes differ",
  ],
  ["cosine", ShapeError, () => ops.cosineEmbeddingLoss(x, x, x), "the shapes do not fit"],
];

describe("a wrong call of a loss", () => {
  it.each(cases)("%s throws %s at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe("a prediction that is surely wrong", () => {
  it("costs 100 and is pulled back as in PyTorch", async () => {
    const p = ops.tensor([0, 1], { requiresGrad: true });
    const loss = ops.binaryCrossEntropy(p, ops.tensor([1, 0]), { reduction: "none" });
    const { backward } = await import("../../src/autodiff/backward.ts");
    expect([...(await loss.data())]).toEqual([100, 100]);
    backward(ops.sum(loss));
    const slopes = [...(await p.grad!.data())];
    expect(slopes[0]).toBeCloseTo(-1e12, -6);
    expect(slopes[1]).toBeCloseTo(1e12, -6);
  });
});

describe("rows that are left out", () => {
  it("count for nothing whatever they hold; the device's other labels are looked at", async () => {
    const logits = ops.tensor([
      [Number.POSITIVE_INFINITY, 0],
      [0, 0],
    ]);
    const computed = (last: number) => ops.cast(ops.tensor([1, last]), "int32");
    const loss = (last: number) => ops.crossEntropy(logits, computed(last), { ignoreIndex: 1 });
    expect((await loss(0).data())[0]).toBeCloseTo(Math.LN2, 12);
    await expect(loss(2).data()).rejects.toThrow("crossEntropy: label outside 0..1");
  });
});
