import {
  add,
  compile,
  init,
  losses,
  mul,
  nn,
  optim,
  sum,
  type Tensor,
  tanh,
  tensor,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { mlpStep } from "../../benchmarks/mlpStep.ts";

const gradOf = (p: Variable): Tensor => p.grad as Tensor;
const values = async (t: Tensor): Promise<number[]> => [...(await t.data())];

describe.each(["cpu", "webgpu"] as const)("training on %s", (kind) => {
  beforeAll(async () => {
    await init({ device: kind });
  });

  it("gives the same bytes compiled and not: Adam, clipping, dropout", async () => {
    const run = async (compiled: boolean) => {
      const options = { compiled, batch: 12, sizes: [10, 16, 8, 3], dropout: 0.25 };
      const { step, model } = mlpStep(options);
      const kept: Tensor[] = [];
      for (let i = 0; i < 20; i++) kept.push(await step());
      const lost = await Promise.all(kept.map((l) => l.item()));
      return { lost, parameters: await Promise.all([...model.parameters()].map(values)) };
    };
    const compiled = await run(true);
    expect(compiled).toEqual(await run(false));
    expect(compiled.lost[19]).toBeLessThan(compiled.lost[0]);
    expect(new Set(compiled.lost).size).toBe(20);
  });

  it("p.grad shows the clipped gradient after a compiled step", async () => {
    const p = new Variable(tensor([3, 4]), { requiresGrad: true });
    const opt = new optim.SGD([p], { lr: 0 });
    const step = compile<[number], Tensor>((scale) => {
      opt.zeroGrad();
      sum(mul(mul(p, p), scale)).backward();
      const norms = optim.clipGradNorm([p], 1);
      void opt.step();
      return norms.total;
    });
    for (const scale of [1, 2, 3, 0.5]) {
      const total = await step(scale);
      expect(await total.item()).toBeCloseTo(10 * scale, 4);
      const [x, y] = await values(gradOf(p));
      expect([x, y]).toEqual([expect.closeTo(0.6, 5), expect.closeTo(0.8, 5)]);
    }
  });

  it("gradients accumulate over compiled calls without zeroGrad", async () => {
    const p = new Variable(tensor([1, -2]), { requiresGrad: true });
    const step = compile((x: Tensor) => {
      const loss = sum(mul(p, x));
      loss.backward();
      return loss;
    });
    for (let call = 1; call <= 6; call++) {
      await step(tensor([call, 1]));
      expect(await values(gradOf(p))).toEqual([(call * (call + 1)) / 2, call]);
    }
    p.grad = null;
    await step(tensor([5, 7]));
    expect(await values(gradOf(p))).toEqual([5, 7]);
  });

  it.each([true, false])("leaves parameters without a gradient alone, compiled: %s", async (c) => {
    const used = new Variable(tensor([1, 2]), { requiresGrad: true });
    const unused = new Variable(tensor([3, 4]), { requiresGrad: true });
    const opt = new optim.AdamW([used, unused], { lr: 0.1, weightDecay: 0.5 });
    const body = () => {
      opt.zeroGrad();
      sum(mul(used, used)).backward();
      return opt.step();
    };
    const compiled = compile(() => {
      void body();
      return used.add(0);
    });
    for (let i = 0; i < 4; i++) {
      if (c) await compiled();
      else await body();
    }
    expect(await values(unused)).toEqual([3, 4]);
    expect(unused.grad).toBeNull();
    expect(await values(used)).not.toEqual([1, 2]);
  });

  it("gradients that follow from each other lie in one buffer all the same", async () => {
    const make = () =>
      [tensor([[1, 2, 3]]), tensor([4, 5, 6])].map((t) => new Variable(t, { requiresGrad: true }));
    const gradients = async (packed: boolean) => {
      const [w, b] = make();
      const opt = packed ? new optim.SGD([w, b], { lr: 0 }) : null;
      const x = tensor([[1], [2], [3], [4]]);
      for (let i = 0; i < 3; i++) {
        for (const p of [w, b]) p.grad = null;
        sum(tanh(add(mul(add(w, b), 0.1), mul(x, 0.2)))).backward();
        if (opt !== null) await opt.step();
      }
      return Promise.all([w, b].map((p) => values(gradOf(p))));
    };
    const wanted = (await gradients(false)).flat();
    for (const [i, x] of (await gradients(true)).flat().entries())
      expect(x).toBeCloseTo(wanted[i], 5);
  });

  it("a gradient that appears later is used from then on", async () => {
    const [a, b] = [1, 2].map((x) => new Variable(tensor([x]), { requiresGrad: true }));
    const opt = new optim.SGD([a, b], { lr: 1 });
    for (const both of [false, true, false]) {
      opt.zeroGrad();
      sum(both ? add(a, b) : a).backward();
      await opt.step();
    }
    expect([await values(a), await values(b)]).toEqual([[-2], [1]]);
  });

  it("a model learns exclusive or", async () => {
    const model = new nn.Sequential(
      new nn.Linear(2, 8, { seed: 1 }),
      new nn.Tanh(),
      new nn.Linear(8, 2, { seed: 2 }),
    );
    const opt = new optim.Adam(model.parameters(), { lr: 0.1 });
    const [x, y] = [
      tensor([
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ]),
      tensor([0, 1, 1, 0], { dtype: "int32" }),
    ];
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = losses.crossEntropy(model.forward(x), y);
      opt.zeroGrad();
      loss.backward();
      void opt.step();
      return loss;
    });
    for (let i = 0; i < 150; i++) await step(x, y);
    expect(await (await step(x, y)).item()).toBeLessThan(0.05);
  });
});
