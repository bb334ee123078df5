import { describe, expect, it } from "vitest";
import type { ViewStep } from "../../src/core/ir.ts";
import type { Shape } from "../../src/core/shape.ts";
import { evaluate, range, source, view } from "./programs.ts";

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

async function apply(step: ViewStep, from: Shape): Promise<number[]> {
  const [out] = await evaluate([source(from), view(step, 0)], [1], [range(size(from))]);
  return [...out!];
}

describe("view steps over 0, 1, 2, …", () => {
  it("reshape keeps the order", async () => {
    expect(await apply({ type: "reshape", shape: [3, 2] }, [2, 3])).toEqual(range(6));
  });

  it("permute [2, 3, 4] by (2, 0, 1): out[k, i, j] = in[i, j, k]", async () => {
    const out = await apply({ type: "permute", shape: [4, 2, 3], order: [2, 0, 1] }, [2, 3, 4]);
    const expected: number[] = [];
    for (let k = 0; k < 4; k++)
      for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) expected.push(i * 12 + j * 4 + k);
    expect(out).toEqual(expected);
  });

  it("expand repeats axes of size 1 and new ones in front", async () => {
    const out = await apply({ type: "expand", shape: [2, 3, 2] }, [3, 1]);
    expect(out).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
  });

  it("slice with starts and steps", async () => {
    const step: ViewStep = { type: "slice", shape: [2, 2], starts: [1, 0], steps: [2, 3] };
    expect(await apply(step, [4, 5])).toEqual([5, 8, 15, 18]);
  });

  it("flip of one and of both axes", async () => {
    expect(await apply({ type: "flip", shape: [2, 3], axes: [1] }, [2, 3])).toEqual([
      2, 1, 0, 5, 4, 3,
    ]);
    expect(await apply({ type: "flip", shape: [2, 3], axes: [0, 1] }, [2, 3])).toEqual([
      5, 4, 3, 2, 1, 0,
    ]);
  });

  it("pad puts zeros around", async () => {
    const out = await apply({ type: "pad", shape: [3, 4], before: [1, 2] }, [2, 1]);
    expect(out).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it("takes empty tensors and scalars", async () => {
    expect(await apply({ type: "permute", shape: [0, 2], order: [1, 0] }, [2, 0])).toEqual([]);
    expect(await apply({ type: "pad", shape: [2], before: [1] }, [0])).toEqual([0, 0]);
    expect(await apply({ type: "expand", shape: [3] }, [])).toEqual([0, 0, 0]);
  });

  it("keeps integers exact", async () => {
    const big = [2 ** 31 - 1, -(2 ** 31)];
    const flip: ViewStep = { type: "flip", shape: [2], axes: [0] };
    const [out] = await evaluate([source([2], "int32"), view(flip, 0, "int32")], [1], [big]);
    expect(out).toEqual(new Int32Array([...big].reverse()));
  });
});
