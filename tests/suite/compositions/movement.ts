import * as ops from "../../../src/ops/index.ts";
import { integers, type SampleInput, uniform } from "../../../src/ops/samples.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { type Composed, composed, type U, unary } from "./composed.ts";

const joins = (): Composed[] => {
  const parts = [
    uniform([2, 3]),
    uniform([2, 1], -2, 2, "sliced"),
    uniform([2, 4], -2, 2, "transposed"),
  ];
  return [
    composed("cat", ((x: Tensor[]) => ops.cat(x, 1)) as never, () => [
      [parts],
      [parts.slice(0, 1)],
    ]),
    composed("stack", ((x: Tensor[]) => ops.stack(x, -1)) as never, () => [
      [[parts[0], uniform([2, 3])]],
    ]),
    composed("cat of integers", ((x: Tensor[]) => ops.cat(x)) as never, () => [
      [[integers([3], 0, 5), integers([2], 0, 5)]],
    ]),
    composed("blockDiag", ((x: Tensor[]) => ops.blockDiag(x)) as never, () => [[parts]]),
    composed("columnStack", ((x: Tensor[]) => ops.columnStack(x)) as never, () => [
      [[uniform([2]), ...parts]],
    ]),
    composed("cartesianProd", ((x: Tensor[]) => ops.cartesianProd(...x)) as never, () => [
      [[uniform([2]), uniform([3])]],
    ]),
  ];
};

const regions = (): Composed[] => [
  composed(
    "sliceScatter",
    ((x: Tensor, s: Tensor) => ops.sliceScatter(x, s, { axis: 1, start: 1, step: 2 })) as never,
    () => [[uniform([2, 5]), uniform([2, 2])]],
  ),
  composed(
    "selectScatter",
    ((x: Tensor, s: Tensor) => ops.selectScatter(x, s, 0, -1)) as never,
    () => [[uniform([2, 3], -2, 2, "transposed"), uniform([3])]],
  ),
  composed(
    "diagonalScatter",
    ((x: Tensor, s: Tensor) => ops.diagonalScatter(x, s, { offset: -1 })) as never,
    () => [[uniform([3, 3]), uniform([2])]],
  ),
];

const cube = (): SampleInput => uniform([2, 3, 2], -2, 2, "transposed");

const views: readonly [string, U, SampleInput][] = [
  ["split", (x) => ops.mul(...(ops.split(x, [2, 2], 1) as [Tensor, Tensor])), uniform([3, 4])],
  ["chunk", (x) => ops.chunk(x, 3, 0)[2]!, uniform([5, 2])],
  ["tensorSplit", (x) => ops.tensorSplit(x, [1, -1], 1)[1]!, uniform([2, 5])],
  ["slice backwards", (x) => ops.slice(x, [null, 4], [null, 0], [1, -2]), uniform([2, 6])],
  ["slice from the end", (x) => ops.slice(x, [0, -3], [1, -1]), uniform([2, 6])],
  ["tile", (x) => ops.tile(x, [2, 1, 3]), uniform([2, 3])],
  ["repeatInterleave", (x) => ops.repeatInterleave(x, [2, 0, 1], 1), uniform([2, 3])],
  ["flatten and squeeze", (x) => ops.squeeze(ops.unsqueeze(ops.flatten(x, 1), [0, 3])), cube()],
  ["unbind", (x) => ops.unbind(x, 1)[1]!, uniform([2, 3])],
  ["movedim", (x) => ops.movedim(x, [0, 1], [-1, 0]), cube()],
  ["rot90", (x) => ops.rot90(x, 3, [0, 2]), cube()],
  ["roll", (x) => ops.roll(x, [1, -4], [0, 1]), cube()],
  ["diagonal", (x) => ops.diagonal(x, { offset: 1, axes: [2, 1] }), cube()],
  ["diagEmbed", (x) => ops.diagEmbed(x, { offset: -1, axes: [0, -1] }), uniform([2, 3])],
  ["trace", (x) => ops.trace(x), uniform([3, 4], -2, 2, "sliced")],
  ["tril", (x) => ops.tril(x, 1), uniform([2, 3, 4])],
  ["unfoldAxis", (x) => ops.unfoldAxis(x, 0, 3, 2), uniform([6, 2], -2, 2, "transposed")],
  ["combinations", (x) => ops.combinations(x, 2, true), uniform([3])],
  ["vander", (x) => ops.vander(x, 3), uniform([4], 0.5, 2)],
  ["meshgrid", (x) => ops.meshgrid([x, x], { indexing: "xy" })[0]!, uniform([3])],
  ["pad with a value", (x) => ops.pad(x, [1, -1, 0, 2], { value: 0.5 }), uniform([3, 4])],
  ["pad reflecting", (x) => ops.pad(x, [1, 2], { mode: "reflect" }), uniform([2, 4])],
  ["pad replicating", (x) => ops.pad(x, [2, 1, 1, 0], { mode: "replicate" }), uniform([2, 3])],
  ["pad in a circle", (x) => ops.pad(x, [2, -1, 1, 1], { mode: "circular" }), uniform([2, 3])],
];

export const moves = (): Composed[] => [
  ...joins(),
  ...regions(),
  ...views.map(([name, f, sample]) => unary(name, f, [sample])),
];
