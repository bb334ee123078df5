import { beforeAll, describe, expect, it } from "vitest";
import type { DType } from "../../src/core/dtype.ts";
import { DTypeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor, TensorLike } from "../../src/tensor/tensor.ts";
import { findAdapter, openAdapter } from "../../src/webgpu.ts";

/**
 * PyTorch's published rules (docs/source/tensor_attributes.rst, torch.result_type), with int32 in
 * the place of int64: the kind decides (bool, then integers, then floats), tensors with axes give
 * way to tensors without and to numbers only in kind.
 */
const b = "bool";
const i = "int32";
const u = "uint32";
const h = "float16";
const f = "float32";
const names: readonly DType[] = [b, i, u, h, f];

// prettier-ignore
const tensorWithTensor: Record<DType, DType[]> = {
  bool: [b, i, u, h, f],
  int32: [i, i, i, h, f], // with uint32 PyTorch gives int64, which holds both
  uint32: [u, i, u, h, f],
  float16: [h, h, h, h, f],
  float32: [f, f, f, f, f],
};
const tensorWithScalarTensor: Record<DType, DType[]> = {
  bool: [b, i, u, h, f],
  int32: [i, i, i, h, f],
  uint32: [u, u, u, h, f],
  float16: [h, h, h, h, h],
  float32: [f, f, f, f, f],
};
const numbers = [true, 1, -1, 3e9, 0.5, 2 ** 90];
const tensorWithNumber: Record<DType, DType[]> = {
  bool: [b, i, i, f, f, f],
  int32: [i, i, i, f, f, f],
  uint32: [u, u, i, u, f, f], // a negative number beside uint32 is int32
  float16: [h, h, h, h, h, h],
  float32: [f, f, f, f, f, f],
};

const gpu = async () => openAdapter(await findAdapter());
const cpu = async () => new CpuDevice({ precision: "float32" });

describe.each([
  ["cpu", cpu],
  ["webgpu", gpu],
] as const)("dtypes of results on %s", (_, open) => {
  let device: Device;
  let held: readonly DType[];
  beforeAll(async () => {
    device = await open();
    recorder.device = device;
    held = names.filter((dtype) => dtype !== h || device.hasFloat16);
  });
  const vector = (dtype: DType) => ops.ones([2], { dtype });
  const scalar = (dtype: DType) => ops.ones([], { dtype });

  /** Compares a table, without float16 where the device does not hold it. */
  function expectTable<C>(
    table: Record<DType, DType[]>,
    columns: readonly C[],
    result: (row: DType, column: C) => Tensor,
  ): void {
    const places = [...columns.keys()].filter((at) => columns[at] !== h || device.hasFloat16);
    const got = held.map((row) => places.map((at) => result(row, columns[at]!).dtype));
    expect(got).toEqual(held.map((row) => places.map((at) => table[row][at])));
  }

  const binary: [string, (x: TensorLike, y: TensorLike) => Tensor][] = [
    ["add", ops.add],
    ["mul", ops.mul],
    ["maximum", ops.maximum],
    ["minimum", ops.minimum],
    ["where", (x, y) => ops.where(ops.tensor([true, false], { device }), x, y)],
  ];

  it.each(binary)("%s: tensors with axes", (_name, op) => {
    expectTable(tensorWithTensor, names, (x, y) => op(vector(x), vector(y)));
  });

  it.each(binary)("%s: tensors without axes count by kind only", (_name, op) => {
    expectTable(tensorWithScalarTensor, names, (x, y) => op(vector(x), scalar(y)));
    expectTable(tensorWithScalarTensor, names, (x, y) => op(scalar(y), vector(x)));
  });

  it.each(binary)("%s: numbers adapt unless their kind is higher", (_name, op) => {
    expectTable(tensorWithNumber, numbers, (x, y) => op(vector(x), y));
  });

  it("scalar tensors among themselves promote like tensors with axes", () => {
    expectTable(tensorWithTensor, names, (x, y) => ops.add(scalar(x), scalar(y)));
  });

  it("divisions and functions of whole numbers are float32", () => {
    for (const dtype of [b, i, u] as const) {
      const x = vector(dtype);
      expect([ops.div(x, x), ops.sqrt(x), ops.atan2(x, x), ops.exp(x)].map((t) => t.dtype)).toEqual(
        [f, f, f, f],
      );
    }
  });

  it("sums and products count in whole numbers; extrema keep truth values", () => {
    const x = vector(b);
    expect([ops.sum(x), ops.prod(x), ops.max(x), ops.min(x)].map((t) => t.dtype)).toEqual([
      i,
      i,
      b,
      b,
    ]);
    expect(ops.sum(vector(i)).dtype).toBe(i);
  });

  it("two numbers under where are a tensor of their own", async () => {
    const c = ops.tensor([true, false]);
    expect(ops.where(c, 1, 2).dtype).toBe(i);
    expect(ops.where(c, 1.5, 2).dtype).toBe(f);
    expect(ops.where(c, true, false).dtype).toBe(b);
    expect(await ops.where(c, 2 ** 90, 1).toArray()).toEqual([2 ** 90, 1]);
  });

  it("arithmetic of truth values is or and and", async () => {
    const x = ops.tensor([true, true, false, false]);
    const y = ops.tensor([true, false, true, false]);
    expect(await ops.add(x, y).toArray()).toEqual([true, true, true, false]);
    expect(await ops.mul(x, y).toArray()).toEqual([true, false, false, false]);
    expect(await ops.maximum(x, y).toArray()).toEqual([true, true, true, false]);
    expect(await ops.minimum(x, y).toArray()).toEqual([true, false, false, false]);
    expect(await ops.max(ops.reshape(y, [2, 2]), 1).toArray()).toEqual([true, true]);
    expect(await ops.min(ops.reshape(x, [2, 2]), 1).toArray()).toEqual([true, false]);
    expect(await ops.sum(x).item()).toBe(2);
  });

  it("powers of whole numbers are whole", async () => {
    const x = ops.tensor([2, -3, 0, 1], { dtype: i });
    expect(await ops.pow(x, 3).toArray()).toEqual([8, -27, 0, 1]);
    expect(await ops.pow(x, ops.tensor([5, 3, 0, -2], { dtype: i })).toArray()).toEqual([
      32, -27, 1, 1,
    ]);
    expect(await ops.pow(2, ops.tensor([0, 10, 31, 32], { dtype: u })).toArray()).toEqual([
      1,
      1024,
      2 ** 31,
      0,
    ]);
    expect(
      await ops
        .pow(ops.tensor([-1, -1, 2], { dtype: i }), ops.tensor([-3, 0, 1], { dtype: i }))
        .toArray(),
    ).toEqual([-1, 1, 2]);
    expect(ops.pow(x, 0.5).dtype).toBe(f);
    expect(ops.pow(x, ops.ones([])).dtype).toBe(f);
  });

  it("comparisons promote, and do not lose what a number says", async () => {
    const x = ops.tensor([0, 1], { dtype: i });
    expect(await ops.lt(x, 0.5).toArray()).toEqual([true, false]);
    expect(await ops.lt(x, 2 ** 40).toArray()).toEqual([true, true]);
    expect(await ops.gt(ops.tensor([0, 1], { dtype: u }), -1).toArray()).toEqual([true, true]);
    expect(await ops.eq(ops.tensor([true, false]), x).toArray()).toEqual([false, false]);
  });

  const errors: [string, new (m: string) => Error, () => unknown, string][] = [
    ["bool - bool", DTypeError, () => ops.sub(vector(b), vector(b)), "sub: bool has no difference"],
    ["1 - bool", DTypeError, () => ops.sub(1, vector(b)), "logicalNot"],
    ["float - bool", DTypeError, () => ops.sub(vector(f), vector(b)), "got float32, bool"],
    ["-bool", DTypeError, () => ops.neg(vector(b)), "neg: bool has no negative"],
    ["mean of int", DTypeError, () => ops.mean(vector(i)), 'mean(x.cast("float32"))'],
    ["mean of bool", DTypeError, () => ops.mean(vector(b)), "got bool [2]"],
    ["int to -1", ValueError, () => ops.pow(vector(i), -1), "are fractions; got int32"],
    ["2 to int's -1", ValueError, () => ops.pow(scalar(u), -2), "are fractions; got uint32"],
  ];
  it.each(errors)("%s is an error", (_name, kind, call, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
