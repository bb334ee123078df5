import { describe, expect, it } from "vitest";
import { add, mul, sigmoid, sum, tanh, tensor } from "../../src/ops/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { PlanningDevice } from "../suite/planningDevice.ts";

/** The kernel that computes `f` of eight elements. */
async function kernelOf(f: (x: Tensor) => Tensor, apart: boolean): Promise<string> {
  const device = new PlanningDevice({ apart });
  await f(tensor([1, 2, 3, 4, 5, 6, 7, 8], { device })).data();
  expect(device.texts).toHaveLength(1);
  return device.texts[0]!;
}

const count = (text: string, part: string): number => text.split(part).length - 1;

describe("the lanes of a vector", () => {
  const gate = (x: Tensor) => mul(tanh(add(x, 2)), sigmoid(x));

  it("are computed together where registers are many", async () => {
    const text = await kernelOf(gate, false);
    expect(count(text, "= tanh_full_4(")).toBe(1);
    expect(text).not.toContain("tanh_full_1");
  });

  it("are computed one after the other where they are few, from one read and for one store", async () => {
    const text = await kernelOf(gate, true);
    expect(count(text, "= tanh_full_1(")).toBe(4);
    expect(text).not.toContain("tanh_full_4");
    expect(count(text, "= b0[")).toBe(1);
    expect(text.match(/^b1\[.*$/gm)).toHaveLength(1);
    const [x, w] = ["x", "w"].map((lane) => text.indexOf(`e0_0.${lane}`));
    expect(text.indexOf("tanh_full_1(", x)).toBeLessThan(w!);
  });

  it("are computed one after the other before they are summed", async () => {
    const text = await kernelOf((x) => sum(gate(x)), true);
    expect(count(text, "= tanh_full_1(")).toBe(4);
  });
});
