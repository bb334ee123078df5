import {
  CompileError,
  compile,
  init,
  mul,
  noGrad,
  optim,
  sum,
  type Tensor,
  tensor,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const values = async (t: Tensor): Promise<number[]> => [...(await t.data())];
const twoLines = /compileErrors\.test\.ts:(\d+):\d+.*compileErrors\.test\.ts:(\d+):\d+/s;

describe.each(["cpu", "webgpu"] as const)("misuse of compile on %s", (kind) => {
  beforeAll(async () => {
    await init({ device: kind });
  });

  it("a closed-over number that changes throws, naming both lines", async () => {
    let factor = 1;
    const f = compile((x: Tensor) => mul(x, factor));
    await f(tensor([1]));
    factor = 2;
    const failure = f(tensor([1]));
    await expect(failure).rejects.toThrow(CompileError);
    await expect(failure).rejects.toThrow(twoLines);
    await expect(failure).rejects.toThrow(/scalar 1 .* became scalar 2 .*must be an argument/s);
  });

  it("a branch that changes throws, naming both lines", async () => {
    let calls = 0;
    const f = compile((x: Tensor) => {
      if (calls++ === 0) return x.exp();
      return x.tanh();
    });
    await f(tensor([1]));
    const error = await f(tensor([1])).then(
      () => null,
      (e: Error) => e,
    );
    expect(error?.message).toMatch(/exp \[1\].*became tanh \[1\].*the same way at every call/s);
    const lines = twoLines.exec(error?.message ?? "");
    expect(Number(lines?.[2])).toBe(Number(lines?.[1]) + 1);
  });

  it("a loop that goes on longer throws", async () => {
    let rounds = 1;
    const f = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < rounds; i++) y = y.tanh();
      return y;
    });
    await f(tensor([1]));
    rounds = 2;
    await expect(f(tensor([1]))).rejects.toThrow(CompileError);
  });

  it("a closed-over tensor that changes throws", async () => {
    let other = tensor([1]);
    const f = compile((x: Tensor) => mul(x, other));
    await f(tensor([1]));
    other = tensor([2]);
    await expect(f(tensor([1]))).rejects.toThrow(/A tensor that changes must be an argument/);
  });

  it("verify finds later what the second call could not", async () => {
    let factor = 1;
    const f = compile((x: Tensor) => mul(x, factor), { verify: 4 });
    for (let i = 0; i < 4; i++) await f(tensor([1]));
    factor = 3;
    await expect(f(tensor([1]))).rejects.toThrow(/must be an argument/);
  });

  it("verify lets a faithful function pass", async () => {
    const v = new Variable(tensor([0]));
    const f = compile((x: Tensor) => v.assign(v.add(x)), { verify: 2 });
    for (let i = 0; i < 9; i++) await f(tensor([1]));
    expect(await v.item()).toBe(9);
  });

  it("reading inside throws", async () => {
    const f = compile((x: Tensor) => {
      void x.data().catch((error: Error) => seen.push(error));
      return x.add(1);
    });
    const seen: Error[] = [];
    await f(tensor([1]));
    await Promise.resolve();
    expect(seen[0]).toBeInstanceOf(CompileError);
    expect(seen[0].message).toMatch(/Return the tensor/);
  });

  it("an async function throws", async () => {
    const f = compile(async (x: Tensor) => x.add(1));
    await expect(f(tensor([1]))).rejects.toThrow(/async.*Leave out/);
  });

  it("a compiled function inside another throws", async () => {
    const inner = compile((x: Tensor) => x.add(1));
    const failures: Promise<unknown>[] = [];
    const outer = compile((x: Tensor) => {
      failures.push(inner(x).catch((e: Error) => e.message));
      return x.add(2);
    });
    await outer(tensor([1]));
    expect(await failures[0]).toMatch(/inside another/);
  });

  it("arguments are tensors, numbers and trees of them", async () => {
    const f = compile<[Tensor, Map<string, number>], Tensor>((x) => x.add(1));
    await expect(f(tensor([1]), new Map())).rejects.toThrow(/neither a tensor nor a number/);
  });

  it("an error inside leaves everything as it was", async () => {
    const p = new Variable(tensor([1, 2]), { requiresGrad: true });
    const opt = new optim.SGD([p], { lr: 1, momentum: 0.9 });
    let fails = false;
    const step = compile((x: Tensor) => {
      opt.zeroGrad();
      sum(mul(p, x)).backward();
      void opt.step();
      noGrad(() => p.assign(p.mul(2)));
      if (fails) throw new Error("mine");
      return p.add(0);
    });
    fails = true;
    await expect(step(tensor([1, 1]))).rejects.toThrow("mine");
    expect(await values(p)).toEqual([1, 2]);
    expect(p.grad).toBeNull();
    expect(await values(p.mul(3))).toEqual([3, 6]);
    fails = false;
    expect(await values(await step(tensor([1, 1])))).toEqual([0, 2]);
    fails = true;
    await expect(step(tensor([1, 1]))).rejects.toThrow("mine");
    expect(await values(p)).toEqual([0, 2]);
    expect(await values(p.grad as unknown as Tensor)).toEqual([1, 1]);
    expect(opt.t).toBe(1);
  });
});
