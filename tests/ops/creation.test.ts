import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import "../../src/methods.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

describe("tensor", () => {
  it("takes numbers, nested arrays, booleans and typed arrays", async () => {
    expect(await ops.tensor(3).item()).toBe(3);
    expect(await ops.tensor([[1], [2]]).toArray()).toEqual([[1], [2]]);
    expect(await ops.tensor([true, false]).toArray()).toEqual([true, false]);
    expect(ops.tensor(Int32Array.of(1, 2)).dtype).toBe("int32");
    const shaped = ops.tensor(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] });
    expect(await shaped.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("knows the range of integers and hands it on", () => {
    const x = ops.tensor([[3, -1, 4]], { dtype: "int32" });
    expect(x.node.range).toEqual([-1, 4]);
    expect(ops.reshape(x, [3]).node.range).toEqual([-1, 4]);
  });
});

describe("filled tensors", () => {
  it.each([
    ["arange", () => ops.arange(4), [0, 1, 2, 3]],
    ["arange with a step", () => ops.arange(5, 0, -2), [5, 3, 1]],
    ["arange of fractions", () => ops.arange(0, 1, 0.25), [0, 0.25, 0.5, 0.75]],
    ["linspace", () => ops.linspace(1, 2, 3), [1, 1.5, 2]],
    ["zeros", () => ops.zeros([2]), [0, 0]],
    ["full", () => ops.full([2], 7, { dtype: "int32" }), [7, 7]],
    [
      "eye",
      () => ops.eye(2, 3),
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
    ["onesLike", () => ops.onesLike(ops.tensor([true, false])), [true, true]],
  ])("%s", async (_, make, wanted) => {
    expect(await make().toArray()).toEqual(wanted);
  });
});

describe("methods", () => {
  it("are the functions", async () => {
    const x = ops.tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(await x.add(1).mul(x).sum(1).toArray()).toEqual([8, 32]);
    expect(await x.t().reshape([4]).toArray()).toEqual([1, 3, 2, 4]);
    expect(await x.slice([1]).max().item()).toBe(4);
    expect(await x.where(x.gt(2), 0).toArray()).toEqual([
      [0, 0],
      [3, 4],
    ]);
    expect(await x.matmul(ops.eye(2)).argmax(1).toArray()).toEqual([1, 1]);
  });
});

describe("dtypes", () => {
  it("follow the rules", async () => {
    const i = ops.tensor([1, 2], { dtype: "int32" });
    const b = ops.tensor([true, false]);
    expect(ops.add(i, 1).dtype).toBe("int32");
    expect(ops.add(i, 0.5).dtype).toBe("float32");
    expect(ops.div(i, 2).dtype).toBe("float32");
    expect(ops.sum(b).dtype).toBe("int32");
    expect(() => ops.mean(i)).toThrow('mean(x.cast("float32"))');
    expect(ops.argmax(i).dtype).toBe("int32");
    expect(ops.where(b, i, 0).dtype).toBe("int32");
    expect(ops.where(b, ops.ones([2]), 0).dtype).toBe("float32");
    expect(await ops.mul(ops.tensor([2 ** 20], { dtype: "int32" }), 2 ** 12).item()).toBe(0);
  });
});
