import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { NestedArray, Tensor } from "../../src/tensor/tensor.ts";

const ints = (values: readonly number[]): Tensor => ops.tensor(values, { dtype: "int32" });
let m: Tensor;
let v: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  m = ops.reshape(ops.arange(6), [2, 3]);
  v = ints([1, 2, 3]);
});

// biome-ignore format: one case a line
const cases: [string, () => Tensor | readonly Tensor[], NestedArray][] = [
  ["fliplr", () => ops.fliplr(m), [[2, 1, 0], [5, 4, 3]]],
  ["flipud", () => ops.flipud(m), [[3, 4, 5], [0, 1, 2]]],
  ["roll of the flattened", () => ops.roll(m, 2), [[4, 5, 0], [1, 2, 3]]],
  ["unflatten", () => ops.unflatten(ops.arange(4), 0, [2, -1]), [[0, 1], [2, 3]]],
  ["diagflat", () => ops.diagflat(ints([1, 2]), -1), [[0, 0, 0], [1, 0, 0], [0, 2, 0]]],
  ["diag below", () => ops.diag(m, -1), [3]],
  ["diag outside", () => ops.diag(m, 5), []],
  ["triu", () => ops.triu(m, 1), [[0, 1, 2], [0, 0, 5]]],
  ["trilIndices", () => ops.trilIndices(2, 3, { diagonal: 1 }), [[0, 0, 1, 1, 1], [0, 1, 0, 1, 2]]],
  ["triuIndices", () => ops.triuIndices(2), [[0, 0, 1], [0, 1, 1]]],
  ["unfoldAxis", () => ops.unfoldAxis(ops.arange(5), 0, 3, 2), [[0, 1, 2], [2, 3, 4]]],
  ["hsplit", () => ops.hsplit(m, [1]), [[[0], [3]], [[1, 2], [4, 5]]]],
  ["vsplit", () => ops.vsplit(m, 2), [[[0, 1, 2]], [[3, 4, 5]]]],
  ["tensorSplit", () => ops.tensorSplit(ops.arange(5), 3), [[0, 1], [2, 3], [4]]],
  ["tensorSplit backwards", () => ops.tensorSplit(v, [2, 1]), [[1, 2], [], [2, 3]]],
  ["chunk of nothing", () => ops.chunk(ops.zeros([0]), 2), [[], []]],
  ["dstack", () => ops.dstack([v, v]), [[[1, 1], [2, 2], [3, 3]]]],
  ["columnStack", () => ops.columnStack([ints([7, 8]), m]), [[7, 0, 1, 2], [8, 3, 4, 5]]],
  ["blockDiag", () => ops.blockDiag([ints([1, 2]), ints([3])]), [[1, 2, 0], [0, 0, 3]]],
  ["atleast3d", () => ops.atleast3d(v), [[[1], [2], [3]]]],
  ["cartesianProd", () => ops.cartesianProd(v, ints([4, 5])), [[1, 4], [1, 5], [2, 4], [2, 5], [3, 4], [3, 5]]],
  ["combinations", () => ops.combinations(v), [[1, 2], [1, 3], [2, 3]]],
  ["vander", () => ops.vander(v, 3), [[1, 1, 1], [4, 2, 1], [9, 3, 1]]],
  ["tile", () => ops.tile(v, [2, 1]), [[1, 2, 3], [1, 2, 3]]],
  ["repeatInterleave", () => ops.repeatInterleave(v, ints([0, 2, 1])), [2, 2, 3]],
  ["pad by value", () => ops.pad(v, [1, -1], { value: 9 }), [9, 1, 2]],
  ["pad reflecting", () => ops.pad(v, [2, 1], { mode: "reflect" }), [3, 2, 1, 2, 3, 2]],
  ["pad replicating", () => ops.pad(v, [2, 1], { mode: "replicate" }), [1, 1, 1, 2, 3, 3]],
  ["pad in a circle", () => ops.pad(v, [2, 1], { mode: "circular" }), [2, 3, 1, 2, 3, 1]],
  ["sliceScatter", () => ops.sliceScatter(v, ints([8, 9]), { step: 2 }), [8, 2, 9]],
  ["selectScatter", () => ops.selectScatter(m, ints([8, 9]), 1, -2), [[0, 8, 2], [3, 9, 5]]],
  ["diagonalScatter", () => ops.diagonalScatter(m, ints([8, 9]), { offset: 1 }), [[0, 8, 2], [3, 4, 9]]],
  ["indexFill", () => ops.indexFill(m, 1, ints([0, 2]), -1), [[-1, 1, -1], [-1, 4, -1]]],
  ["indexCopy", () => ops.indexCopy(v, 0, ints([2, 0, 2]), ints([7, 8, 9])), [8, 2, 9]],
  ["indexReduce", () => ops.indexReduce(v, 0, ints([0, 0]), ints([5, 6]), "prod", { includeSelf: false }), [30, 2, 3]],
  ["put", () => ops.put(m, ints([-1, 0]), ints([7, 8])), [[8, 1, 2], [3, 4, 7]]],
  ["scatter multiplying", () => ops.scatter(v, 0, ints([1, 1]), 3, { reduce: "multiply" }), [1, 18, 3]],
  ["scatterReduce by mean", () => ops.scatterReduce(ops.ones([2]), 0, ints([0, 0]), ops.tensor([4, 7]), "mean"), [4, 1]],
  ["maskedScatter", () => ops.maskedScatter(v, ops.tensor([true, false, true]), ints([8, 9])), [8, 2, 9]],
  ["tri", () => ops.tri(2, 3, { dtype: "int32" }), [[1, 0, 0], [1, 1, 0]]],
  ["logspace", () => ops.logspace(0, 2, 3), [1, 10, 100]],
  ["geomspace", () => ops.geomspace(1, 8, 4), [1, 2, 4, 8].map(Math.fround)],
  ["linspace of one", () => ops.linspace(3, 5, 1), [3]],
  ["fromFunction", () => ops.fromFunction([2, 2], (i, j) => 10 * i! + j!), [[0, 1], [10, 11]]],
];

const nested = async (x: Tensor | readonly Tensor[]): Promise<NestedArray> =>
  "toArray" in x ? x.toArray() : Promise.all(x.map((t) => t.toArray()));

describe("values", () => {
  it.each(cases)("%s", async (_, call, wanted) => {
    const round = (x: NestedArray): NestedArray =>
      Array.isArray(x) ? x.map(round) : Number(Number(x).toFixed(5));
    expect(round(await nested(call()))).toEqual(wanted);
  });

  it("whose number depends on data", async () => {
    const mask = ops.gt(m, 2);
    expect(await nested(await ops.maskedSelect(m, mask))).toEqual([3, 4, 5]);
    const column = ops.tensor([[true], [false]]);
    expect(await nested(await ops.maskedSelect(m, column))).toEqual([0, 1, 2]);
    expect(await nested(await ops.nonzero(mask))).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(await nested(await ops.whereNonzero(v))).toEqual([[0, 1, 2]]);
  });
});
