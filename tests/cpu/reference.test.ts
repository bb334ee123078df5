import { describe, expect, it } from "vitest";
import type { DType } from "../../src/core/dtype.ts";
import { IndexError } from "../../src/core/errors.ts";
import type { Kernel, Pointwise, ReferenceCall } from "../../src/core/ir.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { type Loop, loopFor, plain, plainBool } from "../../src/cpu/loops.ts";
import {
  type Draft,
  evaluate,
  op,
  pointwise,
  program,
  range,
  reduction,
  scalar,
  source,
} from "./programs.ts";

const add = (...xs: number[]) => xs.reduce((a, b) => a + b);

describe("pointwise", () => {
  it.each([1, 2, 3, 4, 5])("adds %i inputs of one shape", async (arity) => {
    const inputs = range(arity).map(() => source([2, 3]));
    const node = pointwise(add, [2, 3], range(arity));
    const [out] = await evaluate(
      [...inputs, node],
      [arity],
      inputs.map((_, i) => range(6).map((x) => x * (i + 1))),
    );
    const factor = (arity * (arity + 1)) / 2;
    expect([...out!]).toEqual(range(6).map((x) => x * factor));
  });

  it("broadcasts rows, columns, scalars and inputs of lower rank", async () => {
    const drafts = [
      source([2, 1, 3]),
      source([4, 1]),
      scalar(),
      pointwise((a, b, c) => a * 100 + b * 10 + c, [2, 4, 3], [0, 1, 2]),
    ];
    const [out] = await evaluate(drafts, [3], [range(6), range(4)], [7]);
    const expected: number[] = [];
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 4; j++)
        for (let k = 0; k < 3; k++) expected.push((i * 3 + k) * 100 + j * 10 + 7);
    expect([...out!]).toEqual(expected);
  });

  const stored: [DType, number[], number[]][] = [
    ["int32", [2 ** 31, -1, 3], [-(2 ** 31), -1, 3]],
    ["uint32", [-1, 2 ** 32 + 5, 3], [2 ** 32 - 1, 5, 3]],
    ["bool", [0, 256, 0.5], [0, 1, 1]],
  ];
  it.each(stored)("normalises what it stores as %s", async (dtype, values, expected) => {
    const [out] = await evaluate(
      [source([3]), pointwise((x) => x, [3], [0], dtype)],
      [1],
      [values],
    );
    expect([...out!]).toEqual(expected);
  });

  it("rounds to float32 in float32 precision only", async () => {
    const drafts = [source([1]), pointwise((x) => x + 0.1, [1], [0])];
    expect((await evaluate(drafts, [1], [[1]], [], "float32"))[0]![0]).toBe(Math.fround(1.1));
    expect((await evaluate(drafts, [1], [[1]], [], "float64"))[0]![0]).toBe(1.1);
  });
});

describe("loops without generated code", () => {
  const run = (loop: Loop, f: (...args: number[]) => number): number[] => {
    const out = new Uint8Array(3);
    loop(f, out, [Float64Array.of(0, 9, 0.5, 9, 4), Float64Array.of(3)], [0, 0, 0], [1, 2, 0], 3);
    return [...out];
  };
  it.each([false, true])("give what the generated ones give (bool: %s)", (isBool) => {
    const node = pointwise((a, b) => a * b, [], []);
    const loop = loopFor(node.op.forward as Pointwise, 2, isBool);
    expect(loop).not.toBe(plain);
    expect(run(loop, (a, b) => a * b)).toEqual(isBool ? [0, 1, 1] : [0, 1, 12]);
    expect(run(isBool ? plainBool : plain, (a, b) => a * b)).toEqual(
      isBool ? [0, 1, 1] : [0, 1, 12],
    );
  });
});

describe("reduction", () => {
  const sum = (axes: number[], shape: number[]) => [
    source([2, 3, 4]),
    reduction((a, b) => a + b, 0, axes, shape, 0),
  ];
  const brute = (keep: (i: number, j: number, k: number) => number, size: number) => {
    const out = new Array<number>(size).fill(0);
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 4; k++) out[keep(i, j, k)]! += i * 12 + j * 4 + k;
    return out;
  };
  it("sums over leading, trailing, middle, outer and all axes", async () => {
    const run = async (axes: number[], shape: number[]) => [
      ...(await evaluate(sum(axes, shape), [1], [range(24)]))[0]!,
    ];
    expect(await run([0], [3, 4])).toEqual(brute((_, j, k) => j * 4 + k, 12));
    expect(await run([2], [2, 3, 1])).toEqual(brute((i, j) => i * 3 + j, 6));
    expect(await run([1], [2, 4])).toEqual(brute((i, _, k) => i * 4 + k, 8));
    expect(await run([0, 2], [3])).toEqual(brute((_, j) => j, 3));
    expect(await run([0, 1, 2], [])).toEqual([276]);
  });

  it("of nothing is the identity", async () => {
    const drafts = [source([2, 0]), reduction(Math.max, -Infinity, [1], [2], 0)];
    expect([...(await evaluate(drafts, [1], [[]]))[0]!]).toEqual([-Infinity, -Infinity]);
  });

  it("sums a million float32 numbers to float32 accuracy", async () => {
    const n = 1_000_000;
    const drafts = [source([n]), reduction((a, b) => a + b, 0, [0], [], 0)];
    const [out] = await evaluate(drafts, [1], [new Array(n).fill(0.1)], [], "float32");
    expect(out![0]).toBe(Math.fround(n * Math.fround(0.1)));
  });

  it("wraps int32 at each step", async () => {
    const drafts = [source([3], "int32"), reduction((a, b) => a * b, 1, [0], [], 0, "int32")];
    const [out] = await evaluate(drafts, [1], [[65536, 65537, 3]]);
    expect(out![0]).toBe(Math.imul(Math.imul(65536, 65537), 3));
  });
});

describe("kernels, packs and leaves", () => {
  let calls = 0;
  const halves = (output: number): Kernel => ({
    kind: "kernel",
    family: "halves",
    output,
    outputs: (_, [x]) => [x!, { shape: x!.shape, dtype: "int32" }],
    strided: () => false,
    source: () => ({ label: "", workgroupSize: [1, 1, 1], workgroups: [1, 1, 1], body: "" }),
    reference({ inputs, outputs, create }: ReferenceCall) {
      calls++;
      const [half, floor] = outputs.map(create);
      inputs[0]!.data.forEach((x, i) => {
        half![i] = x / 2;
        floor![i] = Math.floor(x / 2);
      });
      return [half!, floor!];
    },
  });
  const node = (output: number, attrs = {}): Draft => ({
    op: op(`halves${output}`, halves(output)),
    shape: [3],
    dtype: output === 0 ? "float32" : "int32",
    inputs: [0],
    attrs,
  });

  it("computes one family once for equal inputs and attributes", async () => {
    calls = 0;
    const drafts = [
      source([3]),
      node(0),
      pointwise((x) => x + 1, [3], [1]),
      node(1),
      node(1, { limit: Infinity }),
    ];
    const [plusOne, floors] = await evaluate(drafts, [2, 3, 4], [[1, 2, 3]]);
    expect([...plusOne!]).toEqual([1.5, 2, 2.5]);
    expect([...floors!]).toEqual([0, 1, 1]);
    expect(calls).toBe(2);
  });

  it("goes on after a bad index and rejects the next check, once", async () => {
    const failing = {
      ...halves(0),
      reference: () => {
        throw new IndexError("gather: an index is outside 0..2.");
      },
    };
    const device = new CpuDevice({ precision: "float64" });
    const bad = { op: op("gather", failing), shape: [3], inputs: [0] };
    const made = program([source([3]), bad, pointwise((x) => x + 1, [3], [0])], [1, 2]);
    const targets = [device.allocate(3, "float32"), device.allocate(3, "float32")];
    const sources = [device.upload([1, 2, 3], "float32")];
    device.load(made).run({ sources, scalars: [], targets });
    expect([...(await device.read(targets[1]!, 3, "float32"))]).toEqual([2, 3, 4]);
    await expect(device.check()).rejects.toThrow("gather: an index is outside 0..2.");
    await device.check();
  });

  it("packs its inputs at offsets, with zeros between", async () => {
    const pack = op("pack", { kind: "pack", offsets: () => [1, 4] });
    const drafts = [source([2]), source([1, 1]), { op: pack, shape: [6], inputs: [0, 1] }];
    const [out] = await evaluate(drafts, [2], [[5, 6], [7]]);
    expect([...out!]).toEqual([0, 5, 6, 0, 7, 0]);
  });

  it("fills scalars, constants and iota", async () => {
    const iota = { op: op("iota", { kind: "iota" }), shape: [2, 3], dtype: "int32" as const };
    const constant = { op: op("constant", { kind: "constant" }), shape: [], attrs: { value: 2.5 } };
    const drafts = [iota, constant, scalar(), scalar("bool")];
    const out = await evaluate(drafts, [0, 1, 2, 3], [], [0.25, 7]);
    expect(out.map((x) => [...x])).toEqual([range(6), [2.5], [0.25], [1]]);
  });

  it("reads every old value before it stores any new one", async () => {
    const device = new CpuDevice({ precision: "float64" });
    const [a, b] = [device.upload([1, 2], "float32"), device.upload([3, 4], "float32")];
    const swap = program([source([2]), source([2])], [1, 0]);
    device.load(swap).run({ sources: [a, b], scalars: [], targets: [a, b] });
    expect([...(await device.read(a, 2, "float32"))]).toEqual([3, 4]);
    expect([...(await device.read(b, 2, "float32"))]).toEqual([1, 2]);
  });
});
