import { div, init, ones, type Tensor, zeros } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

/** A kernel's compiler computes an expression of constants itself, and refuses what is not finite. */
describe("numbers that a kernel knows", () => {
  beforeAll(async () => {
    await init({ device: "webgpu" });
  });

  const five = [5];
  const cases: [string, () => Tensor, number][] = [
    ["0 / 0", () => div(zeros(five), zeros(five)), Number.NaN],
    ["1 / 0", () => div(ones(five), zeros(five)), Infinity],
    ["whole 0 / 0", () => div(zeros(five, { dtype: "int32" }), zeros(five)), Number.NaN],
  ];

  it.each(cases)("give %s as IEEE 754 does", async (_, f, expected) => {
    expect([...(await f().data())]).toEqual([1, 2, 3, 4, 5].map(() => expected));
  });
});
