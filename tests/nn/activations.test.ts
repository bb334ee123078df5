import { beforeAll, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  GELU,
  GLU,
  Hardtanh,
  PReLU,
  RReLU,
  Softmax,
  Softmax2d,
  Softshrink,
} from "../../src/nn/index.ts";
import { full, tensor, zeros } from "../../src/ops/creation/creation.ts";
import { sum } from "../../src/ops/reduce/reduce.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor) => Array.from(await x.data());

it("RReLU draws a slope for each element in training only", async () => {
  const layer = new RReLU(0.1, 0.3, { seed: 2 });
  const x = full([4000], -1);
  const slopes = (await values(layer.forward(x))).map((v) => -v);
  expect(Math.min(...slopes)).toBeGreaterThanOrEqual(0.1);
  expect(Math.max(...slopes)).toBeLessThan(0.3);
  // The standard deviation of the mean is 0.001.
  expect(Math.abs(slopes.reduce((a, b) => a + b) / 4000 - 0.2)).toBeLessThan(0.005);
  expect((await values(layer.forward(x))).map((v) => -v)).not.toEqual(slopes);
  expect(await values(layer.forward(full([2], 5)))).toEqual([5, 5]);
  expect(new Set(await values(layer.eval().forward(x))).size).toBe(1);
});

it("PReLU learns its slopes", async () => {
  const layer = new PReLU(2);
  expect(await values(layer.weight)).toEqual([0.25, 0.25]);
  backward(sum(layer.forward(tensor([-1, 2, 3, -4, -5, 6], { shape: [1, 2, 3] }))));
  expect(await values(layer.weight.grad!)).toEqual([-1, -9]);
});

it.each<[string, () => unknown, new () => Error, string]>([
  ["GELU", () => new GELU({ approximate: "erf" as "tanh" }), ValueError, "GELU: unknown approx"],
  ["PReLU", () => new PReLU(0), ValueError, "PReLU: numParameters is not a whole number"],
  ["PReLU", () => new PReLU(3).forward(zeros([2, 4])), ShapeError, "prelu: the weight does not"],
  ["RReLU", () => new RReLU(1, 0), ValueError, "RReLU: the lower slope is above the upper"],
  ["Hardtanh", () => new Hardtanh(1, 1), ValueError, "Hardtanh: low is not below high"],
  ["Softshrink", () => new Softshrink(-1), ValueError, "Softshrink: lambda is negative"],
  ["Softmax", () => new Softmax(2).forward(zeros([2, 3])), ShapeError, "softmax: "],
  ["Softmax2d", () => new Softmax2d().forward(zeros([2, 3])), ShapeError, "Softmax2d: the input"],
  ["GLU", () => new GLU().forward(zeros([2, 3])), ShapeError, "glu: axis 1 has the odd size 3"],
])("%s refuses what does not fit", (_, make, kind, message) => {
  expect(make).toThrow(kind);
  expect(make).toThrow(message);
});
