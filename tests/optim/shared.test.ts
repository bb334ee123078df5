import { compile, init, nn, optim, sum, type Tensor, tensor, Variable } from "tapegrad";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

function expectNear(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 5);
}

let warn: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  warn.mockRestore();
});

describe.each(devices)("parameters of two optimizers on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });
  const variable = (values: number[], name: string) =>
    new Variable(tensor(values), { requiresGrad: true, name });
  const three = () => [variable([1, 2], "a"), variable([3], "b"), variable([-1, 4, 2], "c")];
  const starts = [[1, 2], [3], [-1, 4, 2]];

  it("are named in a warning", async () => {
    const [a, b, c] = three();
    void new optim.Adam([a, b]);
    expect(warn).not.toHaveBeenCalled();
    void new optim.SGD([b, c]);
    // The text of it is loaded when it is needed.
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^SGD: "b" given to Adam before; both update the same values\. Use/)],
    ]);
  });

  it.each([true, false])("take the steps of both, compiled: %s", async (compiled) => {
    const all = three();
    const [a, b, c] = all;
    const left = new optim.SGD([a, b], { lr: 0.1, momentum: 0.5 });
    const loss = () => sum(a.square()).add(sum(b.square())).add(sum(c.square())).div(2);
    const record = (...optimizers: optim.Optimizer[]) => {
      for (const p of all) p.grad = null;
      loss().backward();
      return Promise.all(optimizers.map((o) => o.step()));
    };
    const both = (right: optim.Optimizer) => record(left, right);
    const alone = compile(() => void record(left));
    // Captured before the other optimizer takes b away.
    for (let i = 0; i < 4; i++) await (compiled ? alone() : record(left));
    const right = new optim.SGD([b, c], { lr: 0.2 });
    const together = compile(() => void both(right));
    for (let i = 0; i < 4; i++) {
      await (compiled ? alone() : record(left));
      await (compiled ? together() : both(right));
    }
    const now = starts.map((x) => [...x]);
    const v = starts.map((x) => x.map(() => 0));
    const step = (withRight: boolean) => {
      const g = now.map((x) => [...x]);
      for (const i of [0, 1]) {
        v[i] = v[i].map((m, k) => 0.5 * m + g[i][k]);
        now[i] = now[i].map((x, k) => x - 0.1 * v[i][k]);
      }
      if (withRight) for (const i of [1, 2]) now[i] = now[i].map((x, k) => x - 0.2 * g[i][k]);
    };
    for (let i = 0; i < 4; i++) step(false);
    for (let i = 0; i < 4; i++) for (const withRight of [false, true]) step(withRight);
    for (const [i, p] of all.entries()) expectNear(await p.data(), now[i]);
  });

  it("can be averaged in part, and change places with their averages", async () => {
    const [a, b, c] = three();
    const opt = new optim.SGD([a, b, c], { lr: 1 });
    const swa = new optim.SWA([b]);
    for (let i = 0; i < 2; i++) {
      for (const p of [a, b, c]) p.grad = tensor(new Array<number>(p.size).fill(1));
      await opt.step();
      await swa.update();
    }
    await swa.swap();
    expectNear(await a.data(), [-1, 0]);
    expectNear(await b.data(), [1.5]);
    expectNear(await c.data(), [-3, 2, 0]);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("the same parameters in another order", () => {
  it("stay in their buffer, for averages, clipping and a second optimizer", async () => {
    const device = await init({ device: "webgpu" });
    const counter = countGpu(device);
    const launches = async (grouped: boolean) => {
      const layers = [1, 2, 3].map((seed) => new nn.Linear(4, 4, { seed }));
      const model = new nn.Sequential(...layers);
      const list = [...model.parameters()];
      const opt = new optim.AdamW(grouped ? optim.decayGroups(model, 0.1) : list);
      const ema = new optim.EMA(list);
      for (const [i, p] of list.entries()) p.grad = tensor([i + 1]).expand(p.shape);
      const norms = async (): Promise<Tensor> => {
        const { perParameter } = optim.clipGradNorm(list, 1);
        await opt.step();
        await ema.update();
        return perParameter;
      };
      for (let i = 0; i < 2; i++) await norms();
      for (const [i, p] of list.entries()) p.grad = tensor([i + 1]).expand(p.shape);
      counter.take();
      const each = await norms();
      const { launches: count } = counter.take();
      expectNear(
        await each.data(),
        list.map((p, i) => (i + 1) * Math.sqrt(p.size)),
      );
      return count;
    };
    expect(await launches(true)).toBe(await launches(false));
    device.destroy();
  });

  it("keep their own state by the order given", async () => {
    await init({ device: "cpu" });
    const [a, b] = [[1], [2, 3]].map((x) => new Variable(tensor(x), { requiresGrad: true }));
    void new optim.EMA([b, a]);
    const opt = new optim.Adam([a, b]);
    expect(opt.parameters).toEqual([a, b]);
    expect([...opt.stateDict().tensors].map(([key, { shape }]) => [key, shape]).sort()).toEqual([
      ["m.0", [1]],
      ["m.1", [2]],
      ["v.0", [1]],
      ["v.1", [2]],
    ]);
  });
});
