import * as ops from "../../../src/ops/index.ts";
import { integers, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed } from "./composed.ts";

const weights = ([weightIh, weightHh, biasIh, biasHh]: Tensor[]): ops.CellWeights =>
  ({ weightIh, weightHh, biasIh, biasHh }) as ops.CellWeights;

/** One sample: input [2, 3], states [2, 4], weights of so many gates. */
const sample = (gates: number, states: number) => () => [
  [
    uniform([2, 3]),
    ...Array.from({ length: states }, () => uniform([2, 4], -1, 1)),
    uniform([4 * gates, 3], -1, 1),
    uniform([4 * gates, 4], -1, 1),
    uniform([4 * gates], -1, 1),
    uniform([4 * gates], -1, 1),
  ],
];

type Sequence = (x: Tensor, h: Tensor, c: Tensor, weightHh: Tensor, weightHr: Tensor) => Tensor;

/** With a projection from 1 unit to 2: the states beside the cells. */
const projected: Sequence = (x, h, c, weightHh, weightHr) => {
  const { states, cells } = ops.lstmSequence(x, h, c, weightHh, { weightHr });
  return ops.cat([states, cells], 2);
};

export const recurrent = (): Composed[] => [
  composed("lstmSequence", projected as never, () => [
    [
      uniform([2, 2, 4], -1, 1),
      uniform([2, 2], -1, 1),
      uniform([2, 1], -1, 1),
      uniform([4, 2], -1, 1),
      uniform([2, 1], -1, 1),
    ],
  ]),
  composed(
    "gruSequence",
    ((x: Tensor, h: Tensor, w: Tensor) => ops.gruSequence(x, h, w)) as never,
    () => [[uniform([2, 2, 3]), uniform([2, 1]), uniform([3, 1])]],
  ),
  composed(
    "rnnSequence",
    ((x: Tensor, h: Tensor, w: Tensor, lengths: Tensor) =>
      ops.rnnSequence(x, h, w, { lengths, reverse: true })) as never,
    () => [[uniform([2, 2, 2]), uniform([2, 2]), uniform([2, 2]), integers([2], 1, 3)]],
  ),
  composed(
    "rnnCell",
    ((x: Tensor, h: Tensor, ...w: Tensor[]) => ops.rnnCell(x, h, weights(w))) as never,
    sample(1, 1),
  ),
  composed(
    "gruCell",
    ((x: Tensor, h: Tensor, ...w: Tensor[]) => ops.gruCell(x, h, weights(w))) as never,
    sample(3, 1),
  ),
  composed(
    "lstmCell",
    ((x: Tensor, h: Tensor, c: Tensor, ...w: Tensor[]) =>
      ops.cat([...ops.lstmCell(x, [h, c], weights(w))], 1)) as never,
    sample(4, 2),
  ),
];
