import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { checkpoint } from "../../src/autodiff/checkpoint.ts";
import { customGrad } from "../../src/autodiff/customGrad.ts";
import { type Tape, type TapeEntry, tape } from "../../src/autodiff/tape.ts";
import { grad } from "../../src/autodiff/transforms.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { Linear, ReLU, Sequential } from "../../src/nn/index.ts";
import {
  add,
  argmax,
  crossEntropy,
  exp,
  floor,
  gather,
  gt,
  matmul,
  mean,
  mul,
  reshape,
  square,
  sum,
  tanh,
  tensor,
  transpose,
  where,
} from "../../src/ops/index.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const variable = (name: string, values: Parameters<typeof tensor>[0]): Variable =>
  new Variable(tensor(values), { name, requiresGrad: true });
const entry = (t: Tape, op: string): TapeEntry => t.entries.find((e) => e.op === op)!;
const sorted = (t: Tape): string[] => t.sources.map(({ name, kind }) => `${name}: ${kind}`);
const numbers = async (x: Tensor | null): Promise<number[]> => [...(await x!.data())];

describe("an entry of a tape", () => {
  it("knows its parents and children, and can be stepped through", () => {
    const w = variable("w", [1, 2]);
    const t = tape(() => {
      const h = mul(w, 3);
      const mask = gt(h, 2);
      return sum(where(mask, mul(h, h), 0));
    });
    expect(t.entries.map((e) => `${e.id} ${e.op} ${e.parents} > ${e.children}`)).toEqual([
      "%0 mul  > 1,2",
      "%1 gt 0 > 3",
      "%2 mul 0 > 3",
      "%3 where 1,2 > 4",
      "%4 sum 3 > ",
    ]);
    const steps = t.steps().map(({ direction, entry: { op } }) => `${direction} ${op}`);
    expect(steps.slice(0, 5)).toEqual(
      ["mul", "gt", "mul", "where", "sum"].map((op) => `forward ${op}`),
    );
    expect(steps.slice(5)).toEqual(["sum", "where", "mul", "mul"].map((op) => `backward ${op}`));
    expect(t.find("%3")).toBe(t.entries[3]);
    expect(t.find("s0")).toBe(t.sources[0]);
    expect(t.find("%9")).toBeNull();
  });

  it("gives values and gradients of its inputs on demand", async () => {
    const w = variable("w", [1, 2]);
    const [first] = tape(() => sum(mul(w, tensor([5, 7])))).entries;
    const [a, b] = first!.inputs;
    expect(await a!.value()).toEqual(Float64Array.of(1, 2));
    expect(await b!.value()).toEqual(Float64Array.of(5, 7));
    expect(await a!.gradient()).toEqual(Float64Array.of(5, 7));
    expect(await b!.gradient()).toBeNull();
    expect([a!.shape, a!.dtype, a!.formula, a!.letter]).toEqual([[2], "float32", "g·b", "a"]);
    expect(first!.letters).toEqual({ a: "w", b: "data0" });
  });

  it("shows that the gradients of several uses add", async () => {
    const w = variable("w", [1, 2]);
    const t = tape(() => {
      const h = mul(w, 3);
      return sum(add(mul(h, h), exp(h)));
    });
    const [h] = t.entries;
    expect(h!.contributions.map(({ entry: from, input }) => [from, input])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
    const parts = await Promise.all(h!.contributions.map(({ gradient }) => numbers(gradient)));
    const total = await numbers(h!.incoming);
    expect(total[0]).toBeCloseTo(parts[0]![0]! + parts[1]![0]! + parts[2]![0]!, 12);
    expect(await numbers(t.leaves[0]!.gradient)).toEqual(total.map((x) => 3 * x));
  });

  it("shows the axes over which broadcasting is undone", async () => {
    const [w, b] = [variable("w", [[1], [2]]), variable("b", [1, 2, 3])];
    const t = tape(() => sum(add(mul(w, tensor([[1, 2, 3]])), b)));
    const axes = (op: string) => entry(t, op).inputs.map((i) => i.summedOver);
    expect(axes("mul")).toEqual([[1], []]);
    expect(axes("add")).toEqual([[], [0]]);
    expect(await numbers(t.leaves[1]!.gradient)).toEqual([2, 2, 2]);
    expect(t.toString()).toContain("g; g, summed over axis 0");
    const spread = tape(() => sum(matmul(tensor([[[1, 2]], [[3, 4]]]), w)));
    const expanded = tape(() =>
      sum(
        matmul(
          transpose(w),
          tensor([
            [[1], [2]],
            [[3], [4]],
          ]),
        ),
      ),
    );
    expect(spread.entries.flatMap((e) => e.inputs.flatMap((i) => i.summedOver))).toEqual([]);
    expect(entry(expanded, "expand").inputs[0]!.summedOver).toEqual([0]);
  });

  it("writes the derivative of a product as its operands are stored", async () => {
    const [a, b] = [variable("a", [[1, 2, 3]]), variable("b", [[1, 2, 3]])];
    const formulas = (fn: () => Tensor) => entry(tape(fn), "matmul").derivative;
    expect(formulas(() => sum(matmul(a, transpose(b))))).toEqual(["g B", "gᵀ A"]);
    expect(formulas(() => sum(matmul(transpose(a), b)))).toEqual(["B gᵀ", "A g"]);
    expect(formulas(() => sum(matmul(a, reshape(b, [3, 1]))))).toEqual(["g Bᵀ", "Aᵀ g"]);
    const used = tape(() => sum(matmul(a, transpose(b)))).entries.map((e) => e.op);
    // The transpose is read in place.
    expect(used).toEqual(["matmul", "sum"]);
  });

  it("tells numbers, data, variables, inputs and earlier values apart", () => {
    const w = variable("w", [1]);
    const x = tensor([2], { requiresGrad: true });
    const old = exp(tensor([1, 2]));
    const t = tape(() => sum(add(mul(mul(add(w, 0.1), x), old), tensor([3]))));
    expect(sorted(t)).toEqual([
      "w: variable",
      "0.1: number",
      "input0: input",
      "earlier0: earlier",
      "data0: data",
    ]);
    expect(t.sources[1]!.number).toBe(0.1);
    expect(t.leaves.map(({ name }) => name)).toEqual(["w", "input0"]);
    expect(t.toString()).toContain("earlier0: an earlier exp, float32 [2], no gradient");
  });

  it("calls parameters by their paths in the model, and others apart", () => {
    const model = new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 2));
    const [x, labels] = [tensor([[1, 2]]), tensor([1], { dtype: "int32" })];
    const loss = () => crossEntropy(model.forward(x), labels);
    const names = (t: Tape) => t.leaves.map((l) => l.name);
    expect(names(tape(loss, { model }))).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    expect(names(tape(loss))).toEqual(["weight", "bias", "weight#2", "bias#2"]);
    const own = tape(loss, { model, names: { W: model.parameters()[0]!, x, labels } });
    expect(names(own)[0]).toBe("W");
    expect(entry(own, "crossEntropy").inputs[1]!.name).toBe("labels");
    expect(entry(own, "crossEntropy").derivative).toEqual([
      "g·(softmax(x) - onehot(labels)) / rows",
      "none",
    ]);
  });

  it("keeps a parameter's name when the variable has another value meanwhile", () => {
    const w = variable("w", [1, 2]);
    const h = mul(w, 2);
    w.assign(tensor([3, 4]));
    const t = tape(() => sum(mul(h, w)), { names: { weight: w } });
    expect(t.leaves.map((l) => l.name)).toEqual(["weight", "weight"]);
  });

  it("says why an op has no derivative", () => {
    const w = variable("w", [1.5, 2.5]);
    const t = tape(() => sum(mul(w, gather(w, 0, argmax(w, 0, true)))));
    expect(t.entries.some((e) => e.incoming === null)).toBe(true);
    const mask = tape(() => sum(where(gt(w, 2), w, 0))).entries[0]!;
    expect(mask.nondifferentiable).toMatch(/slope is 0/);
    expect(mask.derivative).toEqual(["none", "none"]);
    const flat = entry(
      tape(() => sum(mul(w, floor(w)))),
      "floor",
    );
    expect(flat.derivative).toEqual(["0"]);
  });

  it("records second derivatives", async () => {
    const w = variable("w", [2, 3]);
    const cube = (x: Tensor): Tensor => sum(mul(mul(x, x), x));
    const t = tape(() => sum(square(grad(cube)(w))));
    // d/dw (3w²)² = 36 w³
    expect(await numbers(t.leaves[0]!.gradient)).toEqual([288, 972]);
    expect(t.entries.filter((e) => e.op === "mul").length).toBeGreaterThan(4);
    for (const e of t.backwards()) expect(e.inputs.some((i) => i.outgoing !== null)).toBe(true);
  });

  it("shows rules of a function's own, and hooks", async () => {
    const w = variable("w", [2, 3]);
    const through = customGrad((x) => ({ value: floor(x), vjp: (g) => mul(g, 10) }));
    const custom = tape(() => sum(through(w)));
    expect(await numbers(custom.leaves[0]!.gradient)).toEqual([10, 10]);
    const own = custom.entries.find((e) => e.derivative[0]!.includes("rule of its own"))!;
    expect(own.inputs[0]!.name).toBe("w");
    const again = tape(() => sum(checkpoint((x: Tensor) => tanh(mul(x, 2)))(w)));
    backward(again.output);
    expect(await numbers(again.leaves[0]!.gradient)).toEqual(await numbers(w.grad));
    const hooked = tape(() => {
      const h = mul(w, 2);
      h.registerHook((g) => mul(g, 5));
      return sum(h);
    });
    expect(hooked.entries.map((e) => e.hooked)).toEqual([true, false]);
    expect(await numbers(hooked.leaves[0]!.gradient)).toEqual([10, 10]);
  });

  it("has no entries where the function returns a parameter", async () => {
    const w = new Variable(tensor(3), { name: "w", requiresGrad: true });
    const t = tape(() => w);
    expect([t.length, t.sources.length]).toEqual([0, 1]);
    expect(await numbers(t.leaves[0]!.gradient)).toEqual([1]);
    expect(t.toString()).toContain("w: a variable, float32 [], gradient []");
  });

  it("counts a mean and a number as what they are", () => {
    const w = variable("w", [1, 2, 3]);
    const t = tape(() => mean(mul(w, 1 / 3)));
    expect(t.toString()).toContain("0.333333");
  });
});
