import { beforeAll, describe, expect, it } from "vitest";
import { DTypeError, ShapeError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import * as ops from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const of = (...shape: number[]) => ops.ones(shape);
/** A sequence of 3 steps, 2 rows and 4 units, as an lstm, a gru and an rnn take it. */
const lstm = (options: ops.LstmSequenceOptions = {}, x = of(3, 2, 16), h = of(2, 4)) =>
  ops.lstmSequence(x, h, of(2, 4), of(16, 4), options);
const gru = (bias: ReturnType<typeof of> | null, options: ops.SequenceOptions = {}) =>
  ops.gruSequence(of(3, 2, 12), of(2, 4), of(12, 4), bias, options);

const shapes = "lstmSequence: the shapes do not fit; got ";
type Case = [string, () => unknown, new (m: string) => Error, string];
const cases: Case[] = [
  ["no steps", () => lstm({}, of(0, 2, 16)), ShapeError, "lstmSequence: a sequence of length 0"],
  ["two axes", () => lstm({}, of(2, 16)), ShapeError, `${shapes}x [2, 16], h0 [2, 4]`],
  ["gates", () => lstm({}, of(3, 2, 12)), ShapeError, "Give x [T, N, 4·H], h0 [N, H]"],
  ["another batch", () => lstm({}, of(3, 2, 16), of(1, 4)), ShapeError, `${shapes}x [3, 2, 16]`],
  [
    "a projection",
    () => lstm({ weightHr: of(3, 4) }),
    ShapeError,
    "weightHr [3, 4]. Give x [T, N, 4·H], h0 [N, P], weightHh [4·H, P], c0 [N, H], weightHr [P, H].",
  ],
  ["lengths", () => lstm({ lengths: of(3) }), ShapeError, "lengths [3]. Give x [T, N, 4·H]"],
  ["fractions", () => gru(null, { lengths: of(2) }), DTypeError, "gruSequence: indices are whole"],
  ["a bias", () => gru(of(4)), ShapeError, "biasHh [4]. Give x [T, N, 3·H], h0 [N, H]"],
  [
    "weights",
    () => ops.rnnSequence(of(3, 2, 4), of(2, 4), of(4, 3)),
    ShapeError,
    "rnnSequence: the shapes do not fit; got x [3, 2, 4], h0 [2, 4], weightHh [4, 3]",
  ],
];

describe("a sequence that does not fit is refused", () => {
  it.each(cases)("%s", (_, run, type, message) => {
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe("a sequence past what a workgroup can hold", () => {
  it("is walked step by step", async () => {
    // 4100 gates: more than 16 KiB of their gradients.
    const units = 1025;
    const { states } = ops.lstmSequence(
      ops.zeros([1, 1, 4 * units]),
      ops.zeros([1, units]),
      ops.ones([1, units]),
      ops.zeros([4 * units, units]),
    );
    // σ(0)·tanh(σ(0)·1)
    expect((await states.data())[units - 1]).toBeCloseTo(0.5 * Math.tanh(0.5), 12);
  });
});
