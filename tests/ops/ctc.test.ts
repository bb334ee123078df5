import { compile, init, optim, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { gradients } from "../../src/autodiff/gradientsBy.ts";
import { DTypeError, IndexError, ShapeError, ValueError } from "../../src/core/errors.ts";
import * as ops from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import golden from "../golden/ctc.json" with { type: "json" };

const int = (values: readonly number[], shape = [values.length]): Tensor =>
  ops.tensor([...values], { shape, dtype: "int32" });

const close = (got: ArrayLike<number>, wanted: readonly number[], within = 2e-5) => {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(Math.abs(got[i]! - x)).toBeLessThan(within);
};

describe.each(["cpu", "webgpu"] as const)("ctcLoss on %s", (device) => {
  beforeAll(async () => {
    await init({ device });
  });

  it.each(golden.map((c) => [c.name, c] as const))("is PyTorch's: %s", async (_, c) => {
    const { values, shape } = c.logProbs;
    const x = ops.tensor(values, { shape, requiresGrad: true });
    const targets = int(c.targets.values, c.targets.shape);
    const loss = ops.ctcLoss(x, targets, c.inputLengths, c.targetLengths, c.options as object);
    close(await loss.data(), c.out);
    const weighted = ops.sum(ops.mul(loss, ops.tensor(c.ct, { shape: loss.shape })));
    const [slope] = gradients(weighted, [x]) as [Tensor];
    close(await slope.data(), c.grad);
  });

  it("gives Infinity, or 0, and no gradient where no alignment fits", async () => {
    const x = ops.tensor(new Array(9).fill(Math.log(1 / 3)), { shape: [3, 3], requiresGrad: true });
    const labels = int([1, 1]);
    const loss = ops.ctcLoss(x, labels, 2, 2);
    expect(await loss.item()).toBe(Infinity);
    expect(await ops.ctcLoss(x, labels, 2, 2, { zeroInfinity: true }).item()).toBe(0);
    const [slope] = gradients(loss, [x]) as [Tensor];
    expect([...(await slope.data())].every((v) => v === 0)).toBe(true);
    // Three steps fit: label, blank, label.
    expect(await ops.ctcLoss(x, labels, 3, 2).item()).toBeCloseTo((3 * Math.log(3)) / 2, 5);
  });

  it("takes probabilities of 0, and shows NaN", async () => {
    const x = ops.tensor([-Infinity, 0, -Infinity, 0], { shape: [2, 2] });
    expect(await ops.ctcLoss(x, int([1]), [2], [1]).item()).toBeCloseTo(0, 6);
    expect(await ops.ctcLoss(x, int([]), [2], [0]).item()).toBe(Infinity);
    const bad = ops.tensor([Number.NaN, 0, 0, 0], { shape: [2, 2] });
    expect(await ops.ctcLoss(bad, int([1]), [2], [1]).item()).toBeNaN();
  });

  const uniform = () => ops.full([4, 2, 3], Math.log(1 / 3));

  it("no steps and no labels are certain; no examples have no loss", async () => {
    const options = { reduction: "none" } as const;
    const none = ops.ctcLoss(uniform(), int([1, 1]), [0, 0], [0, 1], options);
    expect([...(await none.data())]).toEqual([0, Infinity]);
    const empty = ops.zeros([4, 0, 3]);
    const some = ops.ctcLoss(empty, int([], [0, 2]), [], [], { reduction: "sum" });
    expect(await some.item()).toBe(0);
  });

  it("what only the device sees rejects the next await", async () => {
    // What a product gives is known to the device alone.
    const made = (values: number[]) => ops.cast(ops.mul(ops.tensor(values), 1), "int32");
    const label = (values: number[]) => ops.reshape(made(values), [2, 1]);
    const run = (targets: Tensor, steps: Tensor, counts: Tensor) =>
      ops.ctcLoss(uniform(), targets, steps, counts).item();
    const [steps, counts] = [made([4, 4]), made([1, 1])];
    await expect(run(label([1, 3]), steps, counts)).rejects.toThrow("label outside 0..2");
    await expect(run(label([1, 0]), steps, counts)).rejects.toThrow("a label is the blank, 0");
    await expect(run(label([1, 1]), made([4, 5]), counts)).rejects.toThrow("length outside 0..4");
    await expect(run(label([1, 1]), steps, made([1, -1]))).rejects.toThrow(IndexError);
    await expect(run(int([1, 1]), steps, made([1, 2]))).rejects.toThrow(IndexError);
    // Behind an example's labels anything may stand.
    expect(await run(int([1, 99], [2, 1]), steps, int([1, 0]))).toBeGreaterThan(0);
  });

  it("learns inside compile as outside, with lengths as lists and as arguments", async () => {
    type Step = (targets: Tensor, counts: Tensor) => Tensor;
    const train = async (wrapped: (step: Step) => (...x: Parameters<Step>) => unknown) => {
      const x = new Variable(ops.zeros([6, 2, 4]), { requiresGrad: true });
      const optimizer = new optim.SGD([x], { lr: 5 });
      const step = wrapped((targets, counts) => {
        optimizer.zeroGrad();
        const loss = ops.ctcLoss(ops.logSoftmax(x, -1), targets, [6, 5], counts);
        backward(loss);
        optimizer.step();
        return loss;
      });
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) {
        const counts = int([2, 1 + (i % 2)]);
        losses.push(await ((await step(int([1, 3, 2, 2], [2, 2]), counts)) as Tensor).item());
      }
      return losses;
    };
    const eager = await train((step) => step);
    expect(eager[4]).toBeLessThan(eager[0]!);
    close(await train(compile), eager, 1e-4);
  });

  type Case = [string, new (m: string) => Error, () => unknown, string];
  const loss = (
    targets: Tensor,
    steps: Parameters<typeof ops.ctcLoss>[2],
    counts: Parameters<typeof ops.ctcLoss>[3],
    options?: object,
    x = uniform(),
  ) => ops.ctcLoss(x, targets, steps, counts, options);
  const good = () => int([1, 2], [2, 1]);
  const cases: Case[] = [
    ["rank", ShapeError, () => loss(good(), 4, 1, {}, ops.ones([4])), "[steps, batch, classes]"],
    ["dtype", DTypeError, () => loss(good(), 4, 1, {}, int([1, 2], [1, 2])), "are floats"],
    ["labels", DTypeError, () => loss(ops.ones([2, 1]), [4, 4], [1, 1]), "whole numbers"],
    ["batch", ShapeError, () => loss(int([1], [1, 1]), [4, 4], [1, 1]), "do not fit the batch"],
    ["lengths", ShapeError, () => loss(good(), [4], [1, 1]), "not one input length for each"],
    ["steps", IndexError, () => loss(good(), [4, 5], [1, 1]), "input length outside 0..4"],
    ["negative", IndexError, () => loss(good(), [4, 4], [1, -1]), "target length outside 0..1"],
    ["count", IndexError, () => loss(good(), [4, 4], [1, 2]), "target length outside 0..1"],
    ["part", ValueError, () => loss(good(), [4, 3.5], [1, 1]), "input lengths are not whole"],
    ["sum", ShapeError, () => loss(int([1, 2]), [4, 4], [2, 1]), "fewer labels than the target"],
    ["class", IndexError, () => loss(int([1, 3]), [4, 4], [1, 1]), "label outside 0..2"],
    [
      "blank",
      ValueError,
      () => loss(good(), [4, 4], [1, 1], { blank: 3 }),
      "the blank is no class",
    ],
    [
      "reduction",
      ValueError,
      () => loss(good(), [4, 4], [1, 1], { reduction: "average" }),
      "unknown reduction",
    ],
  ];
  it.each(cases)("refuses a wrong call at once: %s", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
