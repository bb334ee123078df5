import {
  backward,
  compile,
  defaultGenerator,
  init,
  manualSeed,
  optim,
  type Tensor,
  tensor,
  ValueError,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

type Made = new (parameters: Variable[], options: object) => optim.Optimizer;
const classOf = (name: string): Made => (optim as unknown as Record<string, Made>)[name];

/** Two matrices, which every rule accepts. */
const fresh = () =>
  [0, 1].map(
    (k) =>
      new Variable(tensor([0, 1, 2].map((i) => [0, 1].map((j) => Math.sin(3 * i + j + k) / 2))), {
        requiresGrad: true,
        name: `w${k}`,
      }),
  );

const HALF = 50;

function stepper(params: Variable[], optimizer: optim.Optimizer) {
  return compile((x: Tensor) => {
    const terms = params.map((p) => p.sub(x).square().sum());
    optimizer.zeroGrad();
    backward(terms[0].add(terms[1]));
    void optimizer.step();
  });
}

const bytes = async (params: Variable[]) =>
  (await Promise.all(params.map((p) => p.data()))).map((x) =>
    Buffer.from(x.buffer).toString("hex"),
  );

describe.each(["cpu", "webgpu"] as const)("state on %s", (device) => {
  beforeAll(async () => {
    await init({ device });
  });

  const names = optim.rules.map(({ name }) => name);

  it.each(names)("%s goes on from a checkpoint as if nothing had been", async (name) => {
    const options = name === "Prodigy" ? { d0: 1e-2 } : {};
    const target = (i: number) => tensor([Math.cos(i), 0.5]);
    const train = async (
      params: Variable[],
      optimizer: optim.Optimizer,
      schedule: optim.Scheduler,
      from: number,
      to: number,
    ) => {
      const step = stepper(params, optimizer);
      for (let i = from; i < to; i++) {
        await step(target(i));
        schedule.step();
      }
    };
    const make = (params: Variable[]) => {
      const optimizer = new (classOf(name))(params, options);
      return { optimizer, schedule: new optim.ExponentialLR(optimizer, { gamma: 0.9 }) };
    };
    manualSeed(3);
    const whole = fresh();
    const unbroken = make(whole);
    await train(whole, unbroken.optimizer, unbroken.schedule, 0, 2 * HALF);

    manualSeed(3);
    const first = fresh();
    const before = make(first);
    await train(first, before.optimizer, before.schedule, 0, HALF);
    const saved = before.optimizer.stateDict();
    const tensors = new Map<string, Tensor>();
    for (const [key, t] of saved.tensors) {
      tensors.set(key, tensor(await t.data(), { shape: t.shape, dtype: t.dtype }));
    }
    const values = await Promise.all(first.map((p) => p.data()));

    // SGLD draws noise: where it goes on is the generator's state, not the optimizer's.
    const { seed, draws } = defaultGenerator;
    manualSeed(9);
    const second = fresh();
    const after = make(second);
    second.forEach((p, i) => {
      p.assign(tensor(values[i], { shape: p.shape }));
    });
    after.optimizer.loadStateDict({ ...structuredClone({ ...saved, tensors: null }), tensors });
    after.schedule.loadStateDict(before.schedule.stateDict());
    manualSeed(seed).draws = draws;
    await train(second, after.optimizer, after.schedule, HALF, 2 * HALF);
    expect(await bytes(second)).toEqual(await bytes(whole));
  });
});

describe("a state that does not fit", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });

  it("is refused with everything that is wrong, and changes nothing", async () => {
    const [a, b] = [fresh(), fresh()];
    const adam = new optim.Adam(a);
    const other = new optim.Adam([new Variable(tensor([1, 2]), { requiresGrad: true })], { lr: 7 });
    const sgd = new optim.SGD(b, { momentum: 0.9 });
    expect(() => adam.loadStateDict(other.stateDict())).toThrow(ValueError);
    expect(() => adam.loadStateDict(other.stateDict())).toThrow(
      /1 parameters, the optimizer has 2; .*\[2\] for "w0" \[3, 2\]; "m.0" is float32 \[2\], .*"m.1" \[3, 2\] is missing/,
    );
    // Without any slots shapes tell that the model is another.
    const [plain, small] = [a, other.parameters].map((list) => new optim.SGD(list));
    expect(() => plain.loadStateDict(small.stateDict())).toThrow(/1 parameters.*for "w0" \[3, 2\]/);
    expect(() => adam.loadStateDict(sgd.stateDict())).toThrow(
      /got the state of SGD; .*unknown option momentum.*; "m.0" \[3, 2\] is missing.*; .*"m.1"/,
    );
    const grouped = new optim.Adam(fresh().map((p) => ({ params: [p] })));
    expect(() => adam.loadStateDict(grouped.stateDict())).toThrow(/2 groups, the optimizer has 1/);
    const skipping = new optim.Adam(fresh(), { nonFinite: optim.skipNonFinite });
    expect(() => adam.loadStateDict(skipping.stateDict())).toThrow(
      /"skipped" is not in the optimizer/,
    );
    expect(adam.options.lr).toBe(1e-3);
    expect(adam.t).toBe(0);
    for (const t of adam.stateDict().tensors.values()) {
      expect([...(await t.data())].every((x) => x === 0)).toBe(true);
    }
  });
});
