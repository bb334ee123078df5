import {
  compile,
  init,
  NonFiniteError,
  optim,
  type Tensor,
  tensor,
  ValueError,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const devices = [
  ["cpu", { device: "cpu" }],
  ["webgpu", { device: "webgpu" }],
] as const;

const good = [
  [1, -2],
  [0.5, 0.25],
  [2, 1],
];

describe.each(devices)("gradients that are not finite on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });

  /** Parameters after these gradients; the bad ones lie between the good ones. */
  async function run(policy: optim.NonFinitePolicy | undefined, gradients: number[][]) {
    const p = new Variable(tensor([1, 1]), { requiresGrad: true });
    const opt = new optim.Adam([p], { lr: 0.1, nonFinite: policy });
    for (const g of gradients) {
      p.grad = tensor(g);
      await opt.step();
    }
    return { p, opt };
  }
  const withBad = (bad: number) => [good[0], [bad, 1], good[1], [1, bad], good[2]];

  it.each([Number.NaN, Infinity, -Infinity])("skip: a step on %s never was", async (bad) => {
    const { p, opt } = await run(optim.skipNonFinite, withBad(bad));
    const clean = await run(undefined, good);
    const [got, wanted] = [await p.data(), await clean.p.data()];
    for (const i of got.keys()) expect(got[i]).toBeCloseTo(wanted[i], 5);
    expect(await opt.nonFiniteSteps!.item()).toBe(2);
  });

  it.each([true, false])(
    "skip: each parameter keeps its own count, through checkpoints: %s",
    async (saved) => {
      const make = () => [0, 1].map(() => new Variable(tensor([1, 1]), { requiresGrad: true }));
      const bad = [Number.NaN, 1];
      // The first lacks a gradient at the second step, which is skipped: its own count stays.
      const given: [number[] | null, number[]][] = [
        [good[0], good[1]],
        [null, bad],
        [good[1], good[0]],
        [bad, good[0]],
        [good[2], good[2]],
      ];
      const train = async (steps: typeof given, nonFinite?: optim.NonFinitePolicy) => {
        const [a, b] = make();
        const groups = [{ params: [a], lr: 0.05 }, { params: [b] }];
        let opt = new optim.Adam(groups, { lr: 0.1, nonFinite });
        for (const [ga, gb] of steps) {
          [a.grad, b.grad] = [ga && tensor(ga), tensor(gb)];
          await opt.step();
          if (!saved) continue;
          // Through a checkpoint at each step.
          const state = opt.stateDict();
          const tensors = new Map<string, Tensor>();
          for (const [k, t] of state.tensors) {
            tensors.set(k, tensor(await t.data(), { shape: t.shape, dtype: t.dtype }));
          }
          opt = new optim.Adam(groups, { lr: 0.1, nonFinite });
          opt.loadStateDict({ ...state, tensors });
        }
        return [...(await a.data()), ...(await b.data())];
      };
      const finite = given.filter((pair) => !pair.includes(bad));
      const [got, wanted] = [await train(given, optim.skipNonFinite), await train(finite)];
      for (const i of got.keys()) expect(got[i]).toBeCloseTo(wanted[i], 5);
    },
  );

  it("zero: the others' elements count", async () => {
    const { p, opt } = await run(optim.zeroNonFinite, withBad(Number.NaN));
    const clean = await run(undefined, [good[0], [0, 1], good[1], [1, 0], good[2]]);
    expect([...(await p.data())]).toEqual([...(await clean.p.data())]);
    expect(await opt.nonFiniteSteps!.item()).toBe(2);
  });

  it("error: nothing is updated, and the next awaited call says so", async () => {
    const { p, opt } = await run(optim.errorOnNonFinite, [good[0]]);
    const before = [...(await p.data())];
    p.grad = tensor([Number.NaN, 1]);
    const failing = opt.step().then(() => p.data());
    await expect(failing).rejects.toThrow(NonFiniteError);
    expect([...(await p.data())]).toEqual(before);
  });

  it("error: compiled, too", async () => {
    const p = new Variable(tensor([1, 1]), { requiresGrad: true });
    const opt = new optim.Adam([p], { lr: 0.1, nonFinite: optim.errorOnNonFinite });
    const step = compile((x: Tensor) => {
      opt.zeroGrad();
      p.mul(x).sum().backward();
      void opt.step();
    });
    for (let i = 0; i < 3; i++) await step(tensor([1, 2]));
    const before = [...(await p.data())];
    const failing = step(tensor([Infinity, 1])).then(() => p.data());
    await expect(failing).rejects.toThrow(/Adam: the norm of the gradients is not finite/);
    expect([...(await p.data())]).toEqual(before);
  });

  it("without a policy: as it comes", async () => {
    const { p, opt } = await run(undefined, [[Number.NaN, 1]]);
    const [bad, fine] = await p.data();
    expect(bad).toBeNaN();
    expect(fine).toBeCloseTo(0.9, 5);
    expect(opt.nonFiniteSteps).toBeNull();
  });
});

it("a rule that needs the count on the host refuses to skip", async () => {
  await init({ device: "cpu" });
  const p = [new Variable(tensor([1]), { requiresGrad: true })];
  expect(() => new optim.NAdam(p, { nonFinite: optim.skipNonFinite })).toThrow(/Use zeroNonFinite/);
  expect(() => new optim.Adam(p, { nonFinite: "skip" as never })).toThrow(ValueError);
});
