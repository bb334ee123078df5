import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { IndexError, ShapeError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let x: Tensor;
let list: Tensor;
let mask: Tensor;

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
  x = ops.reshape(ops.arange(24), [2, 3, 4]);
  list = ops.tensor([2, -3], { dtype: "int32" });
  mask = ops.tensor([true, false, true]);
});

describe("at", () => {
  const cases: [string, () => Tensor, readonly number[], readonly number[]][] = [
    ["a number", () => ops.at(x, 1, -1), [4], [20, 21, 22, 23]],
    ["a text", () => ops.at(x, "0, 1:3, ::-2"), [2, 2], [7, 5, 11, 9]],
    ["the rest", () => ops.at(x, "..., 0"), [2, 3], [0, 4, 8, 12, 16, 20]],
    ["new axes", () => ops.at(x, 0, null, "0, null"), [1, 1, 4], [0, 1, 2, 3]],
    ["a range beyond the end", () => ops.at(x, "5:"), [0, 3, 4], []],
    ["a tensor of places", () => ops.at(x, 0, list, 0), [2], [8, 0]],
    ["a list", () => ops.at(x, 0, [1, 1], "1:2"), [2, 1], [5, 5]],
    ["two tensors", () => ops.at(x, 1, list, list), [2], [22, 13]],
    ["tensors apart", () => ops.at(x, [0, 1], ":", [0, 3]), [2, 3], [0, 4, 8, 15, 19, 23]],
    ["a mask", () => ops.at(x, "0", mask, "0"), [2], [0, 8]],
    ["a mask of two axes", () => ops.at(x, ops.ones([2, 3], { dtype: "bool" })), [6, 4], []],
  ];

  it.each(cases.slice(0, -1))("takes %s", async (_, call, shape, values) => {
    const found = call();
    expect(found.shape).toEqual(shape);
    expect([...(await found.data())]).toEqual(values);
  });

  it("says what is wrong", () => {
    expect(() => ops.at(x, 2)).toThrow(IndexError);
    expect(() => ops.at(x, 2)).toThrow("place 2 does not lie on axis 0 of size 2");
    expect(() => ops.at(x, "1:b")).toThrow('"1:b" is no place');
    expect(() => ops.at(x, "1, 1;2")).toThrow('"1;2" is no place in "1, 1;2"');
    expect(() => ops.at(x, "::0")).toThrow('step 0 in "::0"');
    expect(() => ops.at(x, 0, 0, 0, 0)).toThrow("4 axes are named");
    expect(() => ops.at(x, "..., 0, ...")).toThrow('"..." stands 2 times');
    expect(() => ops.at(x, 0.5)).toThrow("place 0.5 is not a whole number");
    expect(() => ops.at(x, true as never)).toThrow("got boolean true");
    expect(() => ops.at(x, mask)).toThrow("a mask must have the sizes of the axes");
    expect(() => ops.at(x, [5])).toThrow(IndexError);
    const computed = ops.gt(ops.tensor([1, 0]), 0);
    expect(() => ops.at(x, computed)).toThrow("depends on a mask, which only the device knows");
  });
});

describe("setAt", () => {
  it("writes where at reads, and leaves x as it was", async () => {
    const zeros = ops.zeros([3, 4]);
    const changed = ops.setAt(zeros, "1:, ::-2", ops.tensor([[1], [2]]));
    expect([...(await changed.data())]).toEqual([0, 0, 0, 0, 0, 1, 0, 1, 0, 2, 0, 2]);
    expect([...(await zeros.data())]).toEqual(new Array(12).fill(0));
    const picked = ops.setAt(zeros, [[0, 2], 1], 7);
    expect([...(await ops.at(picked, ":, 1").data())]).toEqual([7, 0, 7]);
    expect([...(await ops.setAt(zeros, [0, -1], 3).data())].indexOf(3)).toBe(3);
  });

  it("lets the last one win", async () => {
    const places = ops.tensor([1, 0, 1], { dtype: "int32" });
    const out = ops.setAt(ops.zeros([2]), places, ops.tensor([1, 2, 3]));
    expect([...(await out.data())]).toEqual([2, 3]);
  });

  it("takes a number for a mask that only the device knows", async () => {
    const v = ops.tensor([1, -2, 3]);
    expect([...(await ops.setAt(v, ops.lt(v, 0), 0).data())]).toEqual([1, 0, 3]);
  });

  it("passes gradients to what is kept and to what is written", async () => {
    const a = ops.tensor([1, 2, 3], { requiresGrad: true });
    const b = ops.tensor([5], { requiresGrad: true });
    backward(ops.sum(ops.mul(ops.setAt(a, "1:2", b), ops.tensor([1, 10, 100]))));
    expect([...(await a.grad!.data())]).toEqual([1, 0, 100]);
    expect([...(await b.grad!.data())]).toEqual([10]);
  });

  it("refuses a value that does not broadcast", () => {
    expect(() => ops.setAt(x, "0, 0", ops.ones([3]))).toThrow(ShapeError);
    expect(() => ops.setAt(x, "0, 0", ops.ones([3]))).toThrow("does not broadcast to the part");
  });
});
