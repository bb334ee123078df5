import { beforeAll, describe, expect, it } from "vitest";
import {
  type GradcheckOptions,
  gradcheck,
  gradcheckOrThrow,
} from "../../src/autodiff/gradcheck.ts";
import { DTypeError, GradError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { uniform } from "../../src/ops/samples.ts";
import { apply, floating, NO_ATTRS, pointwise, type RegisteredOp } from "../../src/tensor/op.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float32" });
});

/** x² with a derivative that the test chooses; not registered, so that no other test sees it. */
function squareWith(vjp: (g: Tensor, x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const op = {
    id: 1_000_000,
    name: "squareOfTest",
    arity: 1,
    shape: ([shape]: number[][]) => shape,
    dtype: floating,
    forward: pointwise({ wgsl: ([x]) => `${x} * ${x}`, js: () => (x) => x * x }),
    vjp: ({ g, inputs }: { g: Tensor; inputs: Tensor[] }) => [vjp(g, inputs[0]!)],
    derivative: ["g·2x"],
    samples: () => [[uniform([2])]],
  } as unknown as RegisteredOp;
  return (x) => apply(op, [x], NO_ATTRS);
}

const matrix = [
  [0.5, -1.25],
  [2, 0.75],
];

describe("gradcheck", () => {
  it("passes right derivatives of first and second order", async () => {
    const f = (x: Tensor, y: Tensor): Tensor => ops.tanh(ops.matmul(x, y));
    const report = await gradcheck(f, [matrix, matrix], { order: 2, names: ["x", "y"] });
    expect(report.ok).toBe(true);
    expect(report.inputs.map((i) => `${i.name} ${i.order} ${i.judged}`)).toEqual([
      "x 1 4",
      "y 1 4",
      "x 2 4",
      "y 2 4",
      "the cotangent 2 4",
    ]);
    for (const input of report.inputs) expect(input.relativeError).toBeLessThan(1e-9);
    expect(report.toString()).toMatch(/^gradcheck: the gradients are right\n {2}ok x \[2, 2\]/);
  });

  it("names the worst element of a wrong derivative", async () => {
    const wrong = squareWith((g, x) => ops.mul(g, ops.where(ops.gt(x, 1.9), 4.1, ops.mul(2, x))));
    const report = await gradcheck(wrong, [matrix]);
    expect(report.ok).toBe(false);
    const [input] = report.inputs;
    expect(input!.worst!.index).toEqual([1, 0]);
    expect(input!.worst!.analytic / input!.worst!.numeric).toBeCloseTo(4.1 / 4, 9);
    expect(String(report)).toMatch(/WRONG input 0 .*worst at element \[1, 0\]: the rule gives/);
    const thrown = gradcheckOrThrow(wrong, [matrix], { names: ["weight"] });
    await expect(thrown).rejects.toThrow(GradError);
    await expect(thrown).rejects.toThrow(/gradient of weight .*element \[1, 0\]/);
  });

  it("shows the slopes of a scalar function as they are", async () => {
    const wrong = squareWith((g, x) => ops.mul(g, x));
    const [input] = (await gradcheck((x) => ops.sum(wrong(x)), [[3]])).inputs;
    expect(input!.worst!.analytic).toBeCloseTo(3, 12);
    expect(input!.worst!.numeric).toBeCloseTo(6, 9);
  });

  it("sees an error of one in a million", async () => {
    const wrong = squareWith((g, x) => ops.mul(g, ops.mul(2 + 2e-6, x)));
    expect((await gradcheck(wrong, [matrix])).ok).toBe(false);
    expect((await gradcheck(wrong, [matrix], { tolerance: 1e-5 })).ok).toBe(true);
  });

  it("finds a gradient that is right but cannot be differentiated again", async () => {
    const wrong = squareWith((g, x) => {
      const once = recorder.gradEnabled;
      recorder.gradEnabled = false;
      const slope = ops.mul(2, x);
      recorder.gradEnabled = once;
      return ops.mul(g, slope);
    });
    const report = await gradcheck((x) => ops.mul(wrong(x), x), [matrix], { order: 2 });
    expect(report.inputs.map((i) => i.ok)).toEqual([true, false, true]);
    expect(() => report.orThrow()).toThrow(/second derivative of input 0/);
  });

  it("refuses to judge at kinks, and says where", async () => {
    const report = await gradcheck((x) => ops.relu(x), [[-1, 0, 2]], { order: 2 });
    expect(report.ok).toBe(true);
    expect(report.inputs[0]!.kinks.map((k) => k.index)).toEqual([[1]]);
    expect(report.inputs[0]!.judged).toBe(2);
    expect(String(report)).toMatch(/not judged, kink at \[1\]/);
    const only = await gradcheck((x) => ops.relu(x), [[0]]);
    expect(only.ok).toBe(false);
    expect(String(only)).toMatch(/nothing could be judged/);
  });

  it.each([
    ["right beside", ops.abs, [1e-9, -3e-9, 1]],
    ["where it jumps", ops.floor, [1, 2, 0.5]],
    ["where two inputs tie", (x: Tensor) => ops.maximum(x, ops.tensor([1, 2, 5])), [1, 2, 0]],
    ["with slopes without bound", (x: Tensor) => ops.sqrt(ops.abs(x)), [1e-10, 1e-9, 1]],
  ] as [string, (x: Tensor) => Tensor, number[]][])("sees a kink %s", async (_, f, x) => {
    const [input] = (await gradcheck(f, [x])).inputs;
    expect(input!.kinks.map((k) => k.index[0])).toEqual([0, 1]);
    expect(input!.ok).toBe(true);
  });

  it.each([
    ["near a pole", ops.log, [1e-4, 3e-3, 0.5, 900]],
    ["of large values", (x: Tensor) => ops.variance(x), [1000.5, 999.25, 1002]],
    ["of large constants", (x: Tensor) => ops.add(ops.square(x), 1e6), [0.5, 1, 3]],
    ["where slopes differ by much", ops.exp, [-12, 0, 9]],
    ["of zero", (x: Tensor) => ops.mul(x, 0), [1, 2, 3]],
    ["that is flat at a point", (x: Tensor) => ops.pow(x, 3), [0, 1, 2]],
  ] as [string, (x: Tensor) => Tensor, number[]][])("takes slopes %s", async (_, f, x) => {
    const report = await gradcheck(f, [x], { order: 2 });
    expect(report.ok, String(report)).toBe(true);
    expect(report.inputs.flatMap((i) => i.kinks)).toEqual([]);
  });

  it("takes random directions of large inputs", async () => {
    const x = Float64Array.from({ length: 300 }, (_, i) => Math.sin(i));
    const options: GradcheckOptions = { directions: 3, order: 2 };
    const report = await gradcheck((t) => ops.sigmoid(t), [x], options);
    expect(report.ok).toBe(true);
    expect(report.inputs.map((i) => i.judged)).toEqual([3, 3, 3]);
    const wrong = squareWith((g, t) => ops.mul(g, t));
    const caught = await gradcheck(wrong, [x], options);
    expect(String(caught)).toMatch(/worst at direction \d/);
  });

  it("copies tensors of any device, nested and typed arrays, and skips integers", async () => {
    const logits = ops.tensor(matrix);
    const labels = ops.tensor(Int32Array.of(1, 0));
    const scale = new Float32Array([1.5, 2.5]);
    const f = (x: Tensor, y: Tensor, s: Tensor): Tensor => {
      expect(x.device.kind).toBe("cpu");
      expect(x.device).not.toBe(logits.device);
      expect(ops.zeros([1]).device).toBe(x.device);
      return ops.crossEntropy(ops.mul(x, s), y);
    };
    const report = await gradcheck(f, [logits, labels, scale]);
    expect(report.ok).toBe(true);
    expect(report.inputs[1]!.note).toBe("skipped, int32 has no gradient");
    expect(recorder.device).toBe(logits.device);
  });

  it("says where a result is not finite", async () => {
    const forward = await gradcheck((x) => ops.log(x), [[1, -1]]);
    expect(forward.ok).toBe(false);
    expect(String(forward)).toMatch(/the function gives NaN at output \[1\]/);
    await expect(gradcheckOrThrow(ops.log, [[1, -1]])).rejects.toThrow(/NaN at output \[1\]/);
    const backward = await gradcheck((x) => ops.sqrt(x), [[4, 0]], { order: 2 });
    expect(String(backward)).toMatch(/the rule gives -?Infinity at element \[1\]/);
  });

  it("takes inputs without elements", async () => {
    const report = await gradcheck((x, y) => ops.sum(ops.mul(x, y)), [[], [2]]);
    expect(report.ok).toBe(true);
    expect(report.inputs[0]!.note).toBe("no elements");
  });

  it("says what it cannot check", async () => {
    const number = (() => 3) as unknown as (x: Tensor) => Tensor;
    await expect(gradcheck(number, [[1]])).rejects.toThrow(/no float32 tensor|did not return/);
    const promise = (async (x: Tensor) => x) as unknown as (x: Tensor) => Tensor;
    await expect(gradcheck(promise, [[1]])).rejects.toThrow(/got a promise.*without await/);
    await expect(gradcheck((x) => ops.argmax(x), [[1]])).rejects.toThrow(
      /float32 tensor; got int32/,
    );
    await expect(gradcheck((x) => x, [Int32Array.of(1)])).rejects.toThrow(DTypeError);
    let calls = 0;
    const changing = (x: Tensor): Tensor => ops.mul(x, calls++);
    await expect(gradcheck(changing, [[1]])).rejects.toThrow(/another result at each call/);
  });
});
