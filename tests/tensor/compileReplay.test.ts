import { compile, init, losses, nn, optim, type Tensor, tensor, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";
import type { Device } from "../../src/tensor/device.ts";

const values = async (t: Tensor): Promise<number[]> => [...(await t.data())];
const filled = (n: number, value: number) => tensor(new Array<number>(n).fill(value));

describe.each(["cpu", "webgpu"] as const)("replays on %s", (kind) => {
  let device: Device;

  beforeAll(async () => {
    device = await init({ device: kind });
  });

  it("calls that nobody awaits keep their own arguments while pipelines are made", async () => {
    const f = compile((x: Tensor, a: Tensor) => x.mul(a).add(0.125));
    const calls = Array.from({ length: 8 }, (_, i) => f(tensor([i, -i]), i));
    for (const [i, call] of calls.entries()) {
      expect(await values(await call)).toEqual([i * i + 0.125, 0.125 - i * i]);
    }
  });

  it("keeps 16 captures: what was used longest ago is captured again, which is said once", async () => {
    const said: string[] = [];
    let recorded = 0;
    const f = compile(
      (x: Tensor) => {
        recorded++;
        return x.mul(3).sum();
      },
      { onCapture: (message) => said.push(message) },
    );
    const call = async (n: number) => expect(await (await f(filled(n, 2))).item()).toBe(6 * n);
    for (let n = 1; n <= 16; n++) await call(n);
    await call(1);
    expect([recorded, said.length]).toEqual([17, 1]);
    // 2 was used longest ago: it makes room for 17; 1 did not.
    await call(17);
    await call(18);
    expect([recorded, said.length]).toEqual([19, 2]);
    await call(1);
    expect(recorded).toBe(19);
    await call(2);
    expect([recorded, said.length]).toEqual([20, 2]);
    expect(said[1]).toMatch(/\[float32\[2\]\] was used longest ago .* \[float32\[17\]\]/);
  });

  it("other keys, constants and lengths are other signatures", async () => {
    let recorded = 0;
    const f = compile(
      (x: { a?: Tensor; b?: Tensor }, mode: string, list: readonly Tensor[]) => {
        recorded++;
        const sum = list.reduce((s, t) => s.add(t), x.a ?? (x.b as Tensor).neg());
        return mode === "twice" ? sum.mul(2) : sum;
      },
      { onCapture: () => {} },
    );
    const [one, two] = [tensor([1]), tensor([2])];
    const cases: [Parameters<typeof f>, number][] = [
      [[{ a: one }, "once", []], 1],
      [[{ b: one }, "once", []], -1],
      [[{ a: one }, "twice", [two]], 6],
      [[{ a: one }, "twice", [two, two]], 10],
    ];
    for (let round = 0; round < 4; round++) {
      for (const [args, wanted] of cases) expect(await values(await f(...args))).toEqual([wanted]);
    }
    expect(recorded).toBe(2 * cases.length);
  });

  it("parameters that lie in one buffer can be passed in turn", async () => {
    const parameters = [1, 2, 3].map(
      (v) => new Variable(tensor([v, v + 0.5]), { requiresGrad: true }),
    );
    const sgd = new optim.SGD(parameters, { lr: 1 });
    const f = compile((x: Tensor) => x.mul(10));
    for (let round = 0; round < 3; round++) {
      for (const [i, p] of parameters.entries()) {
        expect(await values(await f(p))).toEqual([10 * (i + 1), 10 * (i + 1) + 5]);
      }
    }
    expect(sgd.parameters.length).toBe(3);
  });

  it("a variable whose memory was freed is refused, not read", async () => {
    const v = new Variable(tensor([1, 2]), { name: "gone" });
    const f = compile((x: Tensor) => v.add(x));
    for (let i = 0; i < 3; i++) expect(await values(await f(tensor([1, 1])))).toEqual([2, 3]);
    v.dispose();
    await expect(f(tensor([1, 1]))).rejects.toThrow(/"gone": its memory was freed by dispose\(\)/);
  });

  it("an argument that was disposed of is refused", async () => {
    const f = compile((x: Tensor) => x.add(1));
    const x = tensor([1]);
    for (let i = 0; i < 3; i++) await f(x);
    x.dispose();
    await expect(f(x)).rejects.toThrow(/disposed|dispose\(\)/);
  });

  it("timers run while steps are made one after the other", async () => {
    const model = new nn.Linear(4, 4);
    const opt = new optim.Adam(model.parameters());
    const x = tensor(new Array(16).fill(1), { shape: [4, 4] });
    const step = compile((x: Tensor) => {
      const loss = losses.mseLoss(model.forward(x), x);
      opt.zeroGrad();
      loss.backward();
      void opt.step();
      return loss;
    });
    for (let i = 0; i < 3; i++) await step(x);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const end = performance.now() + 300;
    while (performance.now() < end && ticks < 5) await step(x);
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(5);
  });

  it("what a dropped capture held on the device is given back", async () => {
    if (device.kind !== "webgpu") return;
    const counter = countGpu(device);
    const f = compile((x: Tensor) => x.mul(x).sum(), { onCapture: () => {} });
    const plansAfter = async (from: number, to: number) => {
      for (let n = from; n <= to; n++) await (await f(filled(n, 1))).item();
      return counter.liveBytesOf("arena") + counter.liveBytesOf("uniforms");
    };
    const full = await plansAfter(1, 16);
    expect(await plansAfter(17, 40)).toBe(full);
  });
});
