import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { type Tape, tape } from "../../src/autodiff/tape.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { add, argmax, crossEntropy, matmul, mul, sum, tanh, tensor } from "../../src/ops/index.ts";
import { compile } from "../../src/tensor/compile.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const weights = (): Variable => new Variable(tensor([[1], [2]]), { name: "w", requiresGrad: true });
const entry = (t: Tape, op: string) => t.entries.find((e) => e.op === op)!;

describe("tape", () => {
  it("lists each op with its inputs, output, derivative and line", () => {
    const w = weights();
    const x = tensor([[3, 4]]);
    const t = tape(() => sum(mul(tanh(matmul(x, w)), 5)), { names: { x } });
    expect(t.length).toBe(4);
    expect([...t].map((e) => `${e.number} ${e.op}`)).toEqual([
      "0 matmul",
      "1 tanh",
      "2 mul",
      "3 sum",
    ]);
    expect(t.entries.map((e) => e.inputs.map((i) => i.name))).toEqual([
      ["x", "w"],
      ["%0"],
      ["%1", "5"],
      ["%2"],
    ]);
    expect(entry(t, "mul").inputs.map((i) => i.entry)).toEqual([1, null]);
    expect(entry(t, "tanh").derivative).toEqual(["g·(1 - tanh²x)"]);
    expect(entry(t, "matmul").shape).toEqual([1, 1]);
    for (const e of t) expect(e.line).toMatch(/tests\/autodiff\/tape\.test\.ts:\d+:\d+$/);
  });

  it("gives values and gradients on demand, and changes no grad", async () => {
    const w = weights();
    const t = tape(() => {
      const h = mul(w, 3);
      return sum(mul(h, h));
    });
    const [h, squared] = t.entries;
    expect(await h!.value()).toEqual(Float64Array.of(3, 6));
    expect(await h!.gradient()).toEqual(Float64Array.of(6, 12));
    expect(await squared!.gradient()).toEqual(Float64Array.of(1, 1));
    const halves = await Promise.all(squared!.outgoing.map((g) => g!.data()));
    expect(halves).toEqual([Float64Array.of(3, 6), Float64Array.of(3, 6)]);
    expect(h!.outgoing[1]).toBeNull();
    expect(await t.leaves[0]!.gradient.toArray()).toEqual([[18], [36]]);
    expect(t.leaves.map((l) => l.name)).toEqual(["w"]);
    expect(w.grad).toBeNull();
    expect(recorder.lines).toBe(false);
    expect(recorder.onRecord).toBeNull();
  });

  it("can be followed by backward, which gives the same gradient", async () => {
    const w = weights();
    const t = tape(() => sum(mul(w, w)));
    backward(t.output);
    expect(await w.grad!.data()).toEqual(await t.leaves[0]!.gradient.data());
    expect(await t.entries[0]!.gradient()).toEqual(Float64Array.of(1, 1));
  });

  it("shows what gets no gradient, and steps backwards over the rest", async () => {
    const w = weights();
    const t = tape(() => crossEntropy(mul(w, 2), argmax(w, 1)));
    const untouched = t.entries.filter((e) => e.incoming === null);
    expect(untouched.length).toBeGreaterThan(0);
    expect(await untouched[0]!.gradient()).toBeNull();
    expect(t.backwards().map((e) => e.op)).toEqual(["crossEntropy", "mul"]);
    expect(t.toString()).toContain("no gradient");
  });

  it("takes part of the record that is older than the function", async () => {
    const w = weights();
    const h = mul(w, 3);
    const plain = mul(tensor([[1], [1]]), 7);
    const t = tape(() => sum(add(mul(h, 2), plain)));
    expect(t.entries.map((e) => e.op)).toEqual(["mul", "mul", "add", "sum"]);
    expect(t.entries[0]!.line).toBeNull();
    expect(t.entries[2]!.inputs[1]!.name).toBe("earlier0");
    expect(await t.entries[0]!.gradient()).toEqual(Float64Array.of(2, 2));
  });

  it("prints an aligned table", () => {
    const w = weights();
    const lines = tape(() => sum(tanh(w)), { names: { weight: w } })
      .toString()
      .split("\n");
    expect(lines[0]).toBe("tape of 2 entries, output []");
    const column = (lines[1] ?? "").indexOf("output");
    expect(lines[3]!.slice(column)).toMatch(/^float32 \[2, 1\] +g·\(1 - tanh²x\) +weight +/);
    expect(lines[3]).toMatch(/^%0 +tanh +weight +.*autodiff\/tape\.test\.ts:\d+:\d+$/);
    expect(lines.at(-1)).toBe("weight: a variable, float32 [2, 1], gradient [2, 1]");
  });

  it("takes the gradient of an output that is not a scalar", async () => {
    const w = weights();
    const t = tape(() => mul(w, w), { gradient: tensor([[1], [10]]) });
    expect(await t.leaves[0]!.gradient.data()).toEqual(Float64Array.of(2, 40));
    expect(() => tape(() => mul(w, w))).toThrow(/tape: the output is not a scalar/);
  });

  it("keeps nothing alive once it is dropped", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const refs = [0, 1, 2].map(() => {
      const w = weights();
      const t = tape(() => sum(tanh(mul(w, w))));
      return t.entries.map((e) => new WeakRef(e.output.node));
    });
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      collect();
    }
    // The newest may still lie on the stack.
    expect(refs[0]!.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined]);
  });

  it("says what it cannot take", async () => {
    expect(() => tape(() => sum(tensor([1])))).toThrow(/tape: .*requires a gradient/);
    expect(() => tape((() => 3) as unknown as () => Tensor)).toThrow(
      /tape: .*no tensor; got number/,
    );
    const w = weights();
    const step = compile((x: Tensor) => tape(() => sum(mul(w, x))).output);
    await expect(async () => step(tensor([1]))).rejects.toThrow(/tape: inside a compiled/);
  });
});
