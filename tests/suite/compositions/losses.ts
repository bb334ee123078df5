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
    [uniform([5]), integers([], 0, 5)],
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
    composed("where of three", ops.where as never, () => [
      [booleans([3]), uniform([2, 3]), uniform([])],
    ]),
  ];
};
