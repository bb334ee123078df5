import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, IndexError, ShapeError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

let x: Tensor;
let labels: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  x = ops.tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  labels = ops.tensor([0, 3], { dtype: "int32" });
});

const cases: [string, new (m: string) => Error, () => unknown, string][] = [
  ["sum", ShapeError, () => ops.sum(x, 2), "sum: axis 2 is out of range; got a tensor of rank 2"],
  ["sum twice", ShapeError, () => ops.sum(x, [1, -1]), "axis 1 is given twice"],
  ["add", ShapeError, () => ops.add(x, ops.ones([2])), "axis 1 has sizes 3 and 2"],
  [
    "a string",
    DTypeError,
    () => ops.add(x, "3" as never),
    "argument 1 is not a tensor; got string",
  ],
  ["a number", DTypeError, () => ops.sum(3 as never), "sum"],
  ["reshape", ShapeError, () => ops.reshape(x, [4, -1]), "6 elements do not fill the new shape"],
  ["permute", ShapeError, () => ops.permute(x, [0, 0]), "must name each axis once"],
  ["expand", ShapeError, () => ops.expand(x, [2, 4]), "expand:"],
  ["narrow", ShapeError, () => ops.narrow(x, 1, 2, 2), "elements 2 to 4 do not lie on axis 1"],
  ["slice", ShapeError, () => ops.slice(x, [0], [1], [0]), "step 0"],
  ["cat", ShapeError, () => ops.cat([x, ops.ones([2, 3, 1])]), "tensor 1 differs from the first"],
  ["stack", ShapeError, () => ops.stack([]), "stack: no tensors"],
  ["split", ShapeError, () => ops.split(x, [1, 1], 1), "do not add up to axis 1"],
  ["max of none", ShapeError, () => ops.max(ops.ones([0])), "there is no max of no elements"],
  ["ragged", ShapeError, () => ops.tensor([[1, 2], [3]]), "ragged; got 1 elements at [1]"],
  ["shape", ShapeError, () => ops.tensor([1, 2], { shape: [3] }), "3 places; got 2 elements"],
  ["NaN size", ShapeError, () => ops.zeros([Number.NaN]), "size NaN at axis 0"],
  ["no integer", DTypeError, () => ops.tensor([0.5], { dtype: "int32" }), "0.5 at place 0"],
  ["too large", DTypeError, () => ops.tensor([2 ** 31], { dtype: "int32" }), "do not fit int32"],
  ["text", DTypeError, () => ops.tensor(["a"] as never), "an element is not a number"],
  ["dtype", DTypeError, () => ops.tensor([1], { dtype: "float8" as never }), "unknown dtype"],
  [
    "labels",
    IndexError,
    () => ops.crossEntropy(x, labels),
    "label outside 0..2; got values from 0 to 3",
  ],
  [
    "rows",
    ShapeError,
    () => ops.crossEntropy(x, ops.zeros([3], { dtype: "int32" })),
    "labels do not fit",
  ],
  ["take", IndexError, () => ops.take(x, labels, 0), "take: index outside 0..1"],
  ["float index", DTypeError, () => ops.take(x, ops.ones([2])), "indices are whole numbers"],
  ["gather", ShapeError, () => ops.gather(x, 1, labels), "as many axes as the tensor"],
  ["clamp", DTypeError, () => ops.clamp(x), "no bound is given"],
  ["mse", ShapeError, () => ops.mseLoss(x, ops.ones([2, 1])), "differ in shape"],
];

describe("a wrong call", () => {
  it.each(cases)("%s throws %s at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});

describe("a label that only the device knows to be wrong", () => {
  it("rejects the next awaited call, naming the op", async () => {
    const device = await openAdapter(await findAdapter());
    const logits = ops.zeros([2, 3], { device });
    const computed = ops.cast(ops.tensor([0.2, 7.9], { device }), "int32");
    await expect(ops.crossEntropy(logits, computed).data()).rejects.toThrow(
      "crossEntropy: label outside 0..2",
    );
    await expect(ops.take(logits, computed, 0).data()).rejects.toThrow("index outside 0..1");
    device.destroy();
  });
});
