import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { stopGradient } from "../../src/autodiff/transforms.ts";
import { DTypeError, GradError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { add, argmax, expand, floor, matmul, mul, sum, tanh, tensor } from "../../src/ops/index.ts";
import { noGrad, recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const leaf = (data: number | number[] | number[][]): Tensor => tensor(data, { requiresGrad: true });
const gradOf = async (x: Tensor): Promise<number[] | null> =>
  x.grad === null ? null : [...(await x.grad.data())];

describe("backward", () => {
  it("accumulates over two calls until the gradient is set to null", async () => {
    const x = leaf([1, 2]);
    backward(sum(mul(x, x)));
    backward(sum(mul(x, 3)));
    expect(await gradOf(x)).toEqual([5, 7]);
    x.grad = null;
    backward(sum(mul(x, 3)));
    expect(await gradOf(x)).toEqual([3, 3]);
  });

  it("accumulates twice over one record with retainGraph", async () => {
    const x = leaf([2]);
    const loss = sum(mul(x, mul(x, x)));
    backward(loss, { retainGraph: true });
    backward(loss);
    expect(await gradOf(x)).toEqual([24]);
  });

  it("says that a record was released, and how to keep it", async () => {
    const x = leaf([2]);
    const square = mul(x, x);
    const loss = sum(square);
    backward(loss);
    expect(() => backward(loss)).toThrow(GradError);
    expect(() => backward(loss)).toThrow(/^backward: .*released.*retainGraph/s);
    expect(() => backward(sum(add(square, x)))).toThrow(/built from a mul .*released/);
    await square.data();
    expect(() => backward(sum(add(square, x)))).toThrow(/released/);
    expect(await gradOf(x)).toEqual([4]);
  });

  it("wants a scalar, or the gradient of the output", async () => {
    const x = leaf([1, 2, 3]);
    expect(() => backward(mul(x, x))).toThrow(/not a scalar; got \[3\].*loss\.mean\(\)/);
    expect(() => backward(mul(x, x), { gradient: tensor([1, 2]) })).toThrow(/got \[2\].*\[3\]/);
    backward(mul(x, x), { gradient: tensor([1, 10, 100]) });
    expect(await gradOf(x)).toEqual([2, 40, 600]);
  });

  it("names what is wrong with a loss that has no gradient", () => {
    expect(() => backward(sum(tensor([1])))).toThrow(/requires a gradient.*requiresGrad: true/);
    expect(() => backward(noGrad(() => sum(leaf([1]))))).toThrow(GradError);
    expect(() => backward(3 as unknown as Tensor)).toThrow(DTypeError);
    const options = { dtype: "int32", requiresGrad: true } as const;
    expect(() => tensor([1], options)).toThrow(DTypeError);
  });

  it("leaves unrelated leaves alone", async () => {
    const [x, y] = [leaf([1]), leaf([1])];
    const unused = mul(y, x);
    backward(sum(mul(x, 2)));
    expect(await gradOf(x)).toEqual([2]);
    expect(y.grad).toBeNull();
    expect(unused.requiresGrad).toBe(true);
  });

  it("adds up every use of a shared value", async () => {
    const x = leaf([3]);
    const s = mul(x, x);
    backward(sum(add(mul(s, s), add(s, x))));
    expect(await gradOf(x)).toEqual([4 * 27 + 6 + 1]);
  });

  it("reaches a leaf that is the loss itself", async () => {
    const x = leaf(3);
    backward(x);
    expect(await gradOf(x)).toEqual([1]);
  });

  it("sums over what was broadcast", async () => {
    const row = leaf([1, 2, 3]);
    const column = leaf([[10], [20]]);
    const scalar = leaf(2);
    backward(sum(mul(mul(row, column), scalar)));
    expect(await gradOf(row)).toEqual([60, 60, 60]);
    expect(await gradOf(column)).toEqual([12, 12]);
    expect(await gradOf(scalar)).toEqual([180]);
    expect([row, column, scalar].map((t) => t.grad?.shape)).toEqual([[3], [2, 1], []]);
  });

  it("sums over expanded and over empty axes", async () => {
    const x = leaf([[1, 2]]);
    backward(sum(expand(x, [4, 2])));
    expect(await gradOf(x)).toEqual([4, 4]);
    const y = leaf([1]);
    backward(sum(mul(y, tensor([], { shape: [0] }))));
    expect(await gradOf(y)).toEqual([0]);
  });

  it("walks a chain of 3000 ops without a stack overflow", async () => {
    const x = leaf([1]);
    let y = x;
    for (let i = 0; i < 3000; i++) y = add(y, x);
    backward(sum(y));
    expect(await gradOf(x)).toEqual([3001]);
  });

  it("flows through branches that meet, in the order of recording", async () => {
    const x = leaf([0.5]);
    let [a, b] = [x, x];
    for (let i = 0; i < 40; i++) [a, b] = [add(a, b), mul(add(a, b), 0.5)];
    backward(sum(b));
    // a' = a + b, b' = (a + b) / 2: after one step both grow by 1.5.
    expect((await gradOf(x))![0]).toBeCloseTo(1.5 ** 39, 0);
  });

  it("gives no gradient through noGrad, stopGradient and whole numbers", async () => {
    const x = leaf([3]);
    backward(
      sum(
        mul(
          x,
          noGrad(() => mul(x, x)),
        ),
      ),
    );
    expect(await gradOf(x)).toEqual([9]);
    x.grad = null;
    backward(sum(mul(x, stopGradient(mul(x, x)))));
    expect(await gradOf(x)).toEqual([9]);
    x.grad = null;
    backward(sum(mul(x, add(argmax(x), 2))));
    expect(await gradOf(x)).toEqual([2]);
    x.grad = null;
    backward(sum(add(floor(x), x)));
    expect(await gradOf(x)).toEqual([1]);
  });

  it("keeps the value of a variable that changed between forward and backward", async () => {
    const w = new Variable(tensor([2]), { name: "w", requiresGrad: true });
    const loss = sum(mul(w, w));
    w.assign(tensor([100]));
    backward(loss);
    expect(await gradOf(w)).toEqual([4]);
  });

  it("gives the same after intermediate values were read", async () => {
    const x = leaf([[0.1, 0.2]]);
    const w = leaf([[1], [2]]);
    const h = matmul(x, w);
    await h.data();
    const loss = sum(tanh(h));
    await loss.item();
    backward(loss);
    const slope = 1 - Math.tanh(0.5) ** 2;
    expect((await gradOf(w))![1]).toBeCloseTo(0.2 * slope, 12);
    expect((await gradOf(x))![1]).toBeCloseTo(2 * slope, 12);
  });

  it("records the gradient with createGraph, so that it can be differentiated", async () => {
    const x = leaf([2]);
    backward(sum(mul(x, mul(x, x))), { createGraph: true });
    const g = x.grad as Tensor;
    x.grad = null;
    backward(sum(g));
    expect(await gradOf(x)).toEqual([12]);
  });
});
