import {
  add,
  compile,
  init,
  losses,
  mul,
  nn,
  optim,
  rand,
  sum,
  type Tensor,
  take,
  tensor,
  Variable,
} from "tapegrad";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import type { Device } from "../../src/tensor/device.ts";

const values = async (t: Tensor): Promise<number[]> => [...(await t.data())];

describe.each(["cpu", "webgpu"] as const)("compile on %s", (kind) => {
  let device: Device;
  /** Pipelines made since the test began; the interpreter has none. */
  let pipelines = () => 0;

  beforeAll(async () => {
    device = await init({ device: kind });
    if (device.kind === "webgpu") {
      const counter = countGpu(device);
      pipelines = () => counter.counts.pipelines;
    }
  });

  beforeEach(() => {
    if (device.kind === "webgpu") countGpu(device).take();
  });

  it("numbers as arguments are uniforms: new values, nothing new to compile", async () => {
    const call = compile((x: Tensor, a: Tensor, { b }: { b: Tensor }) => x.mul(a).add(b));
    const x = tensor([1, 2]);
    expect(await values(await call(x, 3, { b: 1 }))).toEqual([4, 7]);
    const made = pipelines();
    for (let i = 0; i < 6; i++) {
      expect(await values(await call(x, i, { b: -i }))).toEqual([0, i]);
    }
    expect(pipelines()).toBe(made);
  });

  it("a number argument used as a JavaScript number inside throws", async () => {
    const f = compile((x: Tensor, a: Tensor) => x.mul((a as unknown as number) * 2));
    await expect(f(tensor([1]), 3)).rejects.toThrow(/x\.mul\(2\)/);
  });

  it("pending arguments take no memory each, and can be read afterwards", async () => {
    const rows = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const double = compile((x: Tensor) => x.mul(2).sum());
    const seen: [Tensor, Tensor][] = [];
    for (let i = 0; i < 6; i++) {
      const batch = take(rows, tensor([i % 3], { dtype: "int32" }), 0);
      seen.push([batch, await double(batch)]);
    }
    for (const [i, [batch, total]] of seen.entries()) {
      const [a, b] = [
        [1, 2],
        [3, 4],
        [5, 6],
      ][i % 3];
      expect(await values(batch)).toEqual([a, b]);
      expect(await total.item()).toBe(2 * (a + b));
    }
  });

  it("a pending argument that comes again is computed once and kept", async () => {
    const x = tensor([1, 2]).mul(3);
    const f = compile((t: Tensor) => t.add(1));
    for (let i = 0; i < 5; i++) expect(await values(await f(x))).toEqual([4, 7]);
    expect(x.node.storage).not.toBeNull();
  });

  it("returned tensors are fresh: ten losses are read at the end", async () => {
    const v = new Variable(tensor([0]));
    const step = compile((x: Tensor) => {
      v.assign(v.add(x));
      return { now: v.mul(1), twice: [v.mul(2)] };
    });
    const kept: { now: Tensor; twice: Tensor[] }[] = [];
    for (let i = 1; i <= 10; i++) kept.push(await step(tensor([i])));
    for (const [i, { now, twice }] of kept.entries()) {
      const total = ((i + 1) * (i + 2)) / 2;
      expect([await now.item(), await twice[0].item()]).toEqual([total, 2 * total]);
    }
  });

  it("a new shape is captured anew, which is said once", async () => {
    const said: string[] = [];
    const f = compile((x: Tensor) => sum(mul(x, x)), { onCapture: (m) => said.push(m) });
    for (let round = 0; round < 2; round++) {
      for (const n of [2, 3, 2, 4, 3]) {
        expect(await (await f(tensor(new Array(n).fill(2)))).item()).toBe(4 * n);
      }
    }
    expect(said.length).toBe(1);
    expect(said[0]).toMatch(/float32\[3\].*float32\[2\]/);
  });

  it("draws anew at each replay, and as often as without", async () => {
    const f = compile(() => rand([4]));
    const seen = new Set<string>();
    for (let i = 0; i < 6; i++) seen.add(String(await values(await f())));
    expect(seen.size).toBe(6);
  });

  it("drops other elements at each replay; train and eval are two captures", async () => {
    const dropout = new nn.Dropout(0.5, { seed: 5 });
    const f = compile((x: Tensor) => dropout.forward(x));
    const x = tensor(new Array(64).fill(1));
    const masks = new Set<string>();
    for (let i = 0; i < 5; i++) {
      dropout.train();
      const mask = await values(await f(x));
      expect(new Set(mask)).toEqual(new Set([0, 2]));
      masks.add(String(mask));
      dropout.eval();
      expect(await values(await f(x))).toEqual(await values(x));
    }
    expect(masks.size).toBe(5);
  });

  it("a schedule that sets lr between calls counts from the next call on", async () => {
    const p = new Variable(tensor([0]), { requiresGrad: true });
    const opt = new optim.SGD([p], { lr: 1 });
    const step = compile(() => {
      opt.zeroGrad();
      sum(p).backward();
      void opt.step();
      return p.add(0);
    });
    let wanted = 0;
    for (const lr of [1, 0.5, 0.25, 2, 4]) {
      opt.options.lr = lr;
      wanted -= lr;
      expect(await (await step()).item()).toBe(wanted);
    }
  });

  it("several batches take turns", async () => {
    const model = new nn.Linear(2, 3, { seed: 1 });
    const f = compile((x: Tensor) => model.forward(x));
    const batches = [1, 2, 3, 4, 5].map((i) => tensor([[i, -i]]));
    for (let round = 0; round < 3; round++) {
      for (const x of batches) {
        expect(await values(await f(x))).toEqual(await values(model.forward(x)));
      }
    }
  });

  it("takes arguments that are not computed yet, and gives what others build upon", async () => {
    const f = compile((x: Tensor) => x.add(1));
    let x = tensor([1]);
    for (let i = 0; i < 6; i++) x = await f(mul(x, 2));
    expect(await x.item()).toBe(127);
    expect(await add(x, await f(x)).item()).toBe(255);
  });

  it("labels out of range in call 5 are refused; the parameters stay", async () => {
    const model = new nn.Linear(2, 3, { seed: 1 });
    const opt = new optim.SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = losses.crossEntropy(model.forward(x), y);
      opt.zeroGrad();
      loss.backward();
      void opt.step();
      return loss;
    });
    const x = tensor([[1, 2]]);
    const label = (n: number) => tensor([n], { dtype: "int32" });
    for (let i = 0; i < 4; i++) await step(x, label(i % 3));
    const before = await values(model.weight);
    await expect(step(x, label(3))).rejects.toThrow(/outside 0\.\.2/);
    await expect(step(x, label(-1))).rejects.toMatchObject({ name: "IndexError" });
    expect(await values(model.weight)).toEqual(before);
    await step(x, label(2));
    expect(await values(model.weight)).not.toEqual(before);
  });
});
