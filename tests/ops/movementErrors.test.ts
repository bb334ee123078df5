import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let x: Tensor;
let v: Tensor;
let far: Tensor;
let near: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  x = ops.ones([2, 3]);
  v = ops.ones([3]);
  far = ops.tensor([0, 5], { dtype: "int32" });
  near = ops.tensor([0, 1], { dtype: "int32" });
});

type Case = [string, new (m: string) => Error, () => unknown, string];

const moves: Case[] = [
  ["squeeze", ShapeError, () => ops.squeeze(x, [0, -2]), "axis 0 is given twice"],
  ["unsqueeze", ShapeError, () => ops.unsqueeze(x, [0, 4]), "axis 4 is out of range"],
  ["movedim", ShapeError, () => ops.movedim(x, [0, 1], 0), "equally many axes"],
  ["unflatten", ShapeError, () => ops.unflatten(x, 1, [2, -1]), "do not multiply to axis 1"],
  ["rot90", ShapeError, () => ops.rot90(x, 1, [0, -2]), "axis 0 is given twice"],
  ["fliplr", ShapeError, () => ops.fliplr(v), "needs at least two axes"],
  ["roll", ShapeError, () => ops.roll(x, [1, 2], 0), "one shift for each axis"],
  ["diagonal", ShapeError, () => ops.diagonal(v), "a diagonal needs two axes"],
  ["diag", ShapeError, () => ops.diag(ops.ones([1, 1, 1])), "only vectors and matrices"],
  ["diagEmbed", ShapeError, () => ops.diagEmbed(v, { axes: [0, 0] }), "axis 0 is given twice"],
  ["trace", ShapeError, () => ops.trace(v), "not a matrix; got [3]"],
  ["tril", ShapeError, () => ops.tril(v), "a triangle needs two axes"],
  ["unfoldAxis", ShapeError, () => ops.unfoldAxis(x, 1, 4), "windows of 4 elements"],
  ["tensorSplit", ShapeError, () => ops.tensorSplit(x, 0), "0 parts"],
  ["hsplit", ShapeError, () => ops.hsplit(x, 2), "axis 1 does not divide into 2 parts"],
  ["dsplit", ShapeError, () => ops.dsplit(x, 1), "needs at least 3 axes"],
  ["hstack", ShapeError, () => ops.hstack([]), "hstack: no tensors"],
  ["blockDiag", ShapeError, () => ops.blockDiag([ops.ones([1, 1, 1])]), "got rank 3"],
  ["meshgrid", ShapeError, () => ops.meshgrid([x]), "only vectors"],
  ["meshgrid mode", ValueError, () => ops.meshgrid([v], { indexing: "yx" as never }), '"yx"'],
  ["repeat", ShapeError, () => ops.repeat(x, [2]), "fewer numbers than axes"],
  ["repeatInterleave", ShapeError, () => ops.repeatInterleave(x, [1, 2], 1), "got 2 for axis 1"],
  ["pad", ShapeError, () => ops.pad(x, [1]), "pairs of whole numbers"],
  ["pad mode", ValueError, () => ops.pad(x, [1, 1], { mode: "wrap" as never }), '"wrap"'],
  ["pad far", ShapeError, () => ops.pad(x, [3, 0], { mode: "reflect" }), "at most 2 elements"],
  ["pad cutting", ShapeError, () => ops.pad(x, [-2, -2]), "cut off more than there is"],
  ["sliceScatter", ShapeError, () => ops.sliceScatter(x, v), "the part does not fit"],
  ["selectScatter", ShapeError, () => ops.selectScatter(x, v, 0, 2), "place 2 does not lie"],
  ["vander", ShapeError, () => ops.vander(v, -1), "-1 columns"],
  ["combinations", ShapeError, () => ops.combinations(x), "needs a vector"],
];

const places: Case[] = [
  ["take", IndexError, () => ops.take(x, ops.tensor([-7], { dtype: "int32" })), "outside -6..5"],
  ["gather", IndexError, () => ops.gather(x, 1, ops.expand(far, [2, 2])), "outside 0..2"],
  ["takeAlongDim", ShapeError, () => ops.takeAlongDim(x, near, 1), "equally many axes"],
  ["scatter", IndexError, () => ops.scatter(v, 0, far, 1), "scatter: index outside 0..2"],
  ["scatter source", ShapeError, () => ops.scatter(v, 0, near, ops.ones([1])), "at least as large"],
  ["scatter mode", ValueError, () => ops.scatter(v, 0, near, 1, { reduce: "sub" as never }), "sub"],
  ["scatterReduce", ValueError, () => ops.scatterReduce(v, 0, near, v, "max" as never), '"max"'],
  ["indexAdd", ShapeError, () => ops.indexAdd(x, 0, near, v), "one slice for each index"],
  ["indexCopy", DTypeError, () => ops.indexCopy(v, 0, v, v), "indices are whole numbers"],
  ["indexFill", ShapeError, () => ops.indexFill(v, 0, near, v), "the value is not a scalar"],
  ["indexPut", IndexError, () => ops.indexPut(x, [far], 1), "outside 0..1"],
  ["indexPut dtype", DTypeError, () => ops.indexPut(x, [near], near), "another dtype"],
  ["put", ShapeError, () => ops.put(x, near, v), "as many elements as indices"],
  ["maskedFill", DTypeError, () => ops.maskedFill(x, v, 0), "the mask is not bool"],
  ["embedding", ShapeError, () => ops.embedding(near, v), "the weight is not a matrix"],
  ["embedding padding", ValueError, () => ops.embedding(near, x, { paddingIdx: 2 }), "no row"],
  ["embeddingBag", ShapeError, () => ops.embeddingBag(near, x), "no offsets"],
  ["oneHot", IndexError, () => ops.oneHot(far, 3), "outside 0..2"],
];

const draws: Case[] = [
  ["multinomial", ValueError, () => ops.multinomial(v, 4), "4 draws cannot be made from 3"],
  ["categorical", ShapeError, () => ops.categorical(ops.ones([2, 0])), "nothing to choose from"],
  ["gamma", ValueError, () => ops.gamma(0), "alpha must be above 0"],
  ["poisson", ValueError, () => ops.poisson(-1), "not between 0 and 65536"],
  ["geometric", ValueError, () => ops.geometric([1], 0), "not a chance above 0"],
  ["exponential", ValueError, () => ops.exponential([1], -1), "the rate must be above 0"],
  ["arange", ShapeError, () => ops.arange(0, 1, -1), "step -1 does not lead from 0 to 1"],
  ["geomspace", ValueError, () => ops.geomspace(-1, 1, 3), "on one side of 0"],
  ["fromFunction", ValueError, () => ops.fromFunction([1], () => "a" as never), "no number"],
];

describe("a wrong call", () => {
  it.each([...moves, ...places, ...draws])("of %s throws at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe("an index that only the device knows to be wrong", () => {
  it("is dropped by a write, and the next awaited call says so", async () => {
    const computed = ops.cast(ops.tensor([0.2, 7.9]), "int32");
    const out = ops.scatter(ops.zeros([2]), 0, computed, 1).data();
    await expect(out).rejects.toThrow("scatter: index outside 0..1");
  });
});
