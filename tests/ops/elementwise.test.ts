import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { grad } from "../../src/autodiff/transforms.ts";
import { DTypeError, ShapeError, ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const valuesOf = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), (v) => v + 0);
const whole = (values: number[], dtype: "int32" | "uint32" = "int32") =>
  ops.tensor(values, { dtype });
const floats = (values: number[]) => ops.tensor(values, { dtype: "float32" });

describe("division with a remainder", () => {
  const [a, b] = [
    [7, -7, 7, -7, 5, -(2 ** 31)],
    [3, 3, -3, -3, 0, -1],
  ];

  it.each([
    ["fmod", ops.fmod, [1, -1, 1, -1, 0, 0]],
    ["remainder", ops.remainder, [1, 2, -2, -1, 0, 0]],
    ["floorDivide", ops.floorDivide, [2, -3, -3, 2, 0, -(2 ** 31)]],
  ])("%s keeps whole numbers whole, and gives 0 beside 0", async (_, f, expected) => {
    const out = f(whole(a), whole(b));
    expect(out.dtype).toBe("int32");
    expect(await valuesOf(out)).toEqual(expected);
  });

  it("rounds towards 0 for trunc, and gives floats without a mode", async () => {
    const cut = ops.div(whole(a), whole(b), { roundingMode: "trunc" });
    expect(await valuesOf(cut)).toEqual([2, -2, -2, 2, 0, -(2 ** 31)]);
    expect(ops.div(whole(a), whole(b)).dtype).toBe("float32");
  });

  it("takes the quotient from the exact remainder: 0.1 fits 9 times into 1 in float32", async () => {
    const device = new CpuDevice({ precision: "float32" });
    const [x, y] = [ops.tensor([1], { device }), ops.tensor([0.1], { device })];
    expect(await valuesOf(ops.floorDivide(x, y))).toEqual([9]);
  });

  it("has the quotient as the slope of the divisor", async () => {
    const slope = grad((y: Tensor) => ops.sum(ops.remainder(floats([-7, 7]), y)));
    expect(await valuesOf(slope(floats([3, 3])))).toEqual([3, -2]);
  });
});

describe("rounding to decimals", () => {
  it("rounds to digits before and after the point, half to even", async () => {
    const x = floats([1.25, -3.16159, 1250]);
    expect(await valuesOf(ops.round(x, { decimals: 1 }))).toEqual([1.2, -3.2, 1250]);
    expect(await valuesOf(ops.round(x, { decimals: -2 }))).toEqual([0, 0, 1200]);
    expect(await valuesOf(ops.round(whole([1251, 7]), { decimals: -2 }))).toEqual([1300, 0]);
  });
});

describe("bits", () => {
  it("shifts everything out beyond 31", async () => {
    const [a, b] = [whole([-8, -8, 5, 5]), whole([1, 40, 1, -1])];
    expect(await valuesOf(ops.bitwiseRightShift(a, b))).toEqual([-4, -1, 2, 0]);
    expect(await valuesOf(ops.bitwiseLeftShift(a, b))).toEqual([-16, 0, 10, 0]);
  });

  it("keeps bool for two truth values and takes numbers beside tensors", async () => {
    const x = ops.tensor([true, false]);
    expect(ops.bitwiseXor(x, x).dtype).toBe("bool");
    expect(await valuesOf(ops.bitwiseNot(x))).toEqual([0, 1]);
    expect(await valuesOf(ops.bitwiseAnd(whole([6, 5]), 3))).toEqual([2, 1]);
  });
});

describe("slopes at kinks, ties and special places", () => {
  const slopeOf = async (f: (x: Tensor) => Tensor, at: number[]) => {
    const x = ops.tensor(at, { requiresGrad: true });
    backward(ops.sum(f(x)));
    return valuesOf(x.grad!);
  };

  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ["fmax at a tie", (x) => ops.fmax(x, 1), [1], [1]],
    ["hardshrink", (x) => ops.hardshrink(x), [-0.5, 0.5, 0.6], [0, 0, 1]],
    ["softshrink", (x) => ops.softshrink(x), [-0.5, 0.5, 0.6], [0, 0, 1]],
    ["threshold", (x) => ops.threshold(x, 1, 7), [1, 1.5], [0, 1]],
    ["celu at 0", (x) => ops.celu(x, 2), [0], [1]],
    ["softplus beyond its threshold", (x) => ops.softplus(x, 2, 1), [3], [1]],
    ["nanToNum", (x) => ops.nanToNum(x), [Number.NaN, Infinity, 2], [0, 0, 1]],
    ["xlogy at 0", (x) => ops.xlogy(x, floats([0, Math.E])), [0, 0], [0, 1]],
    ["copysign at 0", (x) => ops.copysign(x, -1), [0, 2, -2], [0, -1, 1]],
    ["logit outside eps", (x) => ops.logit(x, 0.1), [0.05, 0.5], [0, 4]],
    ["sinc at 0", ops.sinc, [0], [0]],
  ])("%s", async (_, f, at, expected) => {
    const found = await slopeOf(f, at);
    for (const [i, e] of expected.entries()) expect(found[i]).toBeCloseTo(e, 6);
  });

  it("knows the second derivative of sinc at 0, and of logAddExp at a tie", async () => {
    const second = (f: (x: Tensor) => Tensor) =>
      grad((x: Tensor) => ops.sum(grad((y: Tensor) => ops.sum(f(y)))(x)));
    const [bend] = await valuesOf(second(ops.sinc)(floats([0])));
    expect(bend).toBeCloseTo((-Math.PI * Math.PI) / 3, 10);
    const [tie] = await valuesOf(second((x) => ops.logAddExp(x, floats([1])))(floats([1])));
    expect(tie).toBeCloseTo(0.25, 10);
  });
});

describe("rrelu", () => {
  it("draws a slope for each negative element in training, the mean one else", async () => {
    const x = ops.full([200], -1);
    const drawn = await valuesOf(
      ops.rrelu(x, { lower: 0.2, upper: 0.4, training: true, generator: new ops.Generator(3) }),
    );
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-0.4);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(-0.2);
    expect(new Set(drawn).size).toBeGreaterThan(150);
    expect((await valuesOf(ops.rrelu(x, { lower: 0.2, upper: 0.4 })))[0]).toBeCloseTo(-0.3, 10);
  });
});

describe("closeness", () => {
  it("is relative to the second operand, and knows infinities and NaN", async () => {
    const a = floats([1, 1, Infinity, Number.NaN]);
    const b = floats([1.000001, 1.1, Infinity, Number.NaN]);
    expect(await valuesOf(ops.isClose(a, b))).toEqual([1, 0, 1, 0]);
    expect(await valuesOf(ops.isClose(a, b, { rtol: 0.2, equalNan: true }))).toEqual([1, 1, 1, 1]);
    expect(await valuesOf(ops.allClose(a, b))).toEqual([0]);
  });
});

const x = () => floats([1, 2, 3]);
const cases: [string, new (m: string) => Error, () => unknown, string][] = [
  ["polygamma", ValueError, () => ops.polygamma(-1, x()), "the order is not a whole number"],
  ["polygamma of 31", ValueError, () => ops.polygamma(31, x()), "from 0 to 30; got 31"],
  ["mvlgamma", ValueError, () => ops.mvlgamma(x(), 0), "at least 1; got 0"],
  ["logit", ValueError, () => ops.logit(x(), 0.7), "eps lies outside 0 to 0.5"],
  ["div", ValueError, () => ops.div(x(), 2, { roundingMode: "up" as never }), 'got "up"'],
  ["round", ValueError, () => ops.round(x(), { decimals: 1.5 }), "decimals"],
  ["softshrink", ValueError, () => ops.softshrink(x(), -1), "lambda is negative"],
  ["rrelu", ValueError, () => ops.rrelu(x(), { lower: 1, upper: 0 }), "above the upper"],
  ["isClose", ValueError, () => ops.isClose(x(), x(), { rtol: -1 }), "a tolerance is negative"],
  ["glu", ShapeError, () => ops.glu(x()), "glu: axis 0 has the odd size 3; got [3]"],
  ["glu of a scalar", ShapeError, () => ops.glu(ops.sum(x())), "glu: axis -1 is out of range"],
  [
    "prelu",
    ShapeError,
    () => ops.prelu(ops.ones([2, 3]), ops.ones([2])),
    "does not fit 3 channels",
  ],
  ["softmax", ShapeError, () => ops.softmax(ops.sum(x()), 2), "softmax: axis 2 is out of range"],
  ["softmin", DTypeError, () => ops.softmin(x(), 0, "int32"), "the result is a float"],
  ["bitwiseAnd", DTypeError, () => ops.bitwiseAnd(x(), x()), "bitwiseAnd: only whole numbers"],
  ["a shift", DTypeError, () => ops.bitwiseLeftShift(whole([1]), x()), "only whole numbers"],
  ["positive", DTypeError, () => ops.positive(ops.tensor([true])), "bool has no sign"],
  ["lerp", ShapeError, () => ops.lerp(x(), ops.ones([2]), 0.5), "do not broadcast"],
];

describe("a wrong call", () => {
  it.each(cases)("%s throws %s at once", (_, type, call, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
