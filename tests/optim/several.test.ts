import { init, optim, tensor, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { countGpu } from "../../benchmarks/counter.ts";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

const variable = (values: number[], name: string) =>
  new Variable(tensor(values), { requiresGrad: true, name });

describe.each(devices)("several parameters on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });
  // Prodigy's rate is one for all parameters, and noise is drawn for all at once.
  const names = optim.rules.map(({ name }) => name).filter((n) => !["Prodigy", "SGLD"].includes(n));
  type Made = new (p: unknown[], o?: object) => optim.Optimizer;

  it.each(names)("%s treats each as if it were alone, in any groups", async (name) => {
    const Rule = (optim as unknown as Record<string, Made>)[name];
    const shapes = [
      [3, 2],
      [2, 4],
      [2, 2],
    ];
    const make = () =>
      shapes.map((shape, k) => {
        const values = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) =>
          Math.sin(i + 5 * k + 1),
        );
        return new Variable(tensor(values, { shape }), { requiresGrad: true });
      });
    const rates = [0.1, 0.02, 0.02];
    const run = async (params: Variable[], optimizers: optim.Optimizer[]) => {
      for (let t = 1; t <= 4; t++) {
        for (const p of params) p.grad = p.mul(Math.cos(t)).detach();
        for (const optimizer of optimizers) await optimizer.step();
      }
      return (await Promise.all(params.map((p) => p.data()))).flatMap((x) => [...x]);
    };
    const [one, many] = [make(), make()];
    const lrOf = (k: number) => ("lr" in rateOf(name) ? { lr: rates[k] } : {});
    const together = new Rule([
      { params: [one[0]], ...lrOf(0) },
      { params: one.slice(1), ...lrOf(1) },
    ]);
    const alone = many.map((p, k) => new Rule([p], lrOf(k)));
    const [got, wanted] = [await run(one, [together]), await run(many, alone)];
    for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 5);
  });
});

const rateOf = (name: string): object => optim.rules.find((rule) => rule.name === name)!.defaults;

describe("launches", () => {
  it("are as many for 60 tensors as for one, and for two groups as for one", async () => {
    const device = await init({ device: "webgpu" });
    const counter = countGpu(device);
    const launchesOf = async (sizes: number[], split: boolean) => {
      const params = sizes.map((n, i) => variable(new Array<number>(n).fill(0.5), `p${i}`));
      const half = params.length >> 1;
      const groups = [{ params: params.slice(0, half) }, { params: params.slice(half), lr: 0.1 }];
      const opt = split ? new optim.Adam(groups) : new optim.Adam(params);
      for (const p of params) p.grad = new Variable(tensor(new Array<number>(p.size).fill(1)));
      for (let i = 0; i < 3; i++) await opt.step();
      counter.take();
      await opt.step();
      return counter.take().launches;
    };
    const one = await launchesOf([600], false);
    expect(await launchesOf(new Array<number>(60).fill(10), false)).toBe(one);
    expect(await launchesOf(new Array<number>(60).fill(10), true)).toBe(one);
    device.destroy();
  });
});
