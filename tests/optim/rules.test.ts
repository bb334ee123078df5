import { compile, init, optim, sum, type Tensor, tensor, ValueError, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

/** One parameter element as the paper updates it, in float64. */
type Reference = (p: number, g: number, t: number, state: Record<string, number>) => number;

interface SgdOptions {
  lr: number;
  momentum?: number;
  dampening?: number;
  nesterov?: boolean;
  weightDecay?: number;
}

/** torch.optim.SGD's documented algorithm. */
const sgd =
  ({ lr, momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 }: SgdOptions): Reference =>
  (p, gradient, t, state) => {
    const g = gradient + weightDecay * p;
    if (momentum === 0) return p - lr * g;
    state.b = t === 1 ? g : momentum * state.b + (1 - dampening) * g;
    return p - lr * (nesterov ? g + momentum * state.b : state.b);
  };

interface AdamOptions {
  lr: number;
  beta1?: number;
  beta2?: number;
  eps?: number;
  weightDecay?: number;
}

/** Kingma & Ba, Algorithm 1; with `decoupled`, Loshchilov & Hutter, Algorithm 2. */
const adam =
  (
    { lr, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 }: AdamOptions,
    decoupled = false,
  ): Reference =>
  (p, gradient, t, state) => {
    const g = decoupled ? gradient : gradient + weightDecay * p;
    state.m = beta1 * (state.m ?? 0) + (1 - beta1) * g;
    state.v = beta2 * (state.v ?? 0) + (1 - beta2) * g * g;
    const mHat = state.m / (1 - beta1 ** t);
    const vHat = state.v / (1 - beta2 ** t);
    const kept = decoupled ? p - lr * weightDecay * p : p;
    return kept - (lr * mHat) / (Math.sqrt(vHat) + eps);
  };

const plain: SgdOptions = { lr: 0.1 };
const heavy: SgdOptions = { lr: 0.05, momentum: 0.9, dampening: 0.2, weightDecay: 0.03 };
const nesterov: SgdOptions = { lr: 0.05, momentum: 0.8, nesterov: true };
const fast: AdamOptions = { lr: 0.02, beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay: 0.1 };
const decayed = { lr: 0.01, weightDecay: 0.3 };

type Make = (parameters: Variable[]) => optim.Optimizer;
const cases: [string, Make, Reference][] = [
  ["SGD", (p) => new optim.SGD(p, plain) as optim.Optimizer, sgd(plain)],
  ["SGD with momentum", (p) => new optim.SGD(p, heavy) as optim.Optimizer, sgd(heavy)],
  ["SGD of Nesterov", (p) => new optim.SGD(p, nesterov) as optim.Optimizer, sgd(nesterov)],
  ["Adam", (p) => new optim.Adam(p, { lr: 0.01 }) as optim.Optimizer, adam({ lr: 0.01 })],
  ["Adam with options", (p) => new optim.Adam(p, fast) as optim.Optimizer, adam(fast)],
  ["AdamW", (p) => new optim.AdamW(p, decayed) as optim.Optimizer, adam(decayed, true)],
];

const STEPS = 12;
const start = [
  [0.5, -1.5, 2],
  [0.25, -0.125],
];
/** The gradient of parameter `i` at step `t`: it does not depend on the parameters. */
const gradientAt = (t: number, i: number): number[] =>
  start[i].map((_, j) => Math.fround(Math.sin(1.7 * t + 3 * i + j) * (j === 1 ? 1e-3 : 1)));

function wanted(rule: Reference): number[] {
  return start.flatMap((values, i) =>
    values.map((value, j) => {
      let p = value;
      const state = {};
      for (let t = 1; t <= STEPS; t++) p = rule(p, gradientAt(t, i)[j], t, state);
      return p;
    }),
  );
}

async function trained(make: Make, compiled: boolean): Promise<number[]> {
  const parameters = start.map((v) => new Variable(tensor(v), { requiresGrad: true }));
  const opt = make(parameters);
  const step = compile((gradients: Tensor[]) => {
    opt.zeroGrad();
    const terms = parameters.map((p, i) => sum(p.mul(gradients[i])));
    terms[0].add(terms[1]).backward();
    void opt.step();
    return terms[0];
  });
  for (let t = 1; t <= STEPS; t++) {
    const gradients = start.map((_, i) => tensor(gradientAt(t, i)));
    if (compiled) await step(gradients);
    else {
      parameters.forEach((p, i) => {
        p.grad = gradients[i];
      });
      await opt.step();
    }
  }
  return (await Promise.all(parameters.map((p) => p.data()))).flatMap((d) => [...d]);
}

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }, 1e-12],
  ["webgpu", { device: "webgpu" }, 2e-6],
] as const;

describe.each(devices)("on %s", (_, options, tolerance) => {
  beforeAll(async () => {
    await init(options);
  });

  describe.each(cases)("%s", (_name, make, rule) => {
    it.each([true, false])("follows the published rule, compiled: %s", async (compiled) => {
      const got = await trained(make, compiled);
      for (const [i, x] of wanted(rule).entries()) {
        expect(Math.abs(got[i] - x)).toBeLessThan(tolerance * (1 + Math.abs(x)));
      }
    });
  });
});

describe("options", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });
  const parameter = () => [new Variable(tensor([1]), { requiresGrad: true })];

  it.each<[string, () => unknown, RegExp]>([
    ["lr", () => new optim.SGD(parameter(), { lr: -1 }), /SGD: lr must be at least 0; got -1/],
    ["lr of NaN", () => new optim.Adam(parameter(), { lr: Number.NaN }), /Adam: lr/],
    ["momentum", () => new optim.SGD(parameter(), { momentum: -0.1 }), /SGD: momentum/],
    [
      "nesterov",
      () => new optim.SGD(parameter(), { nesterov: true }),
      /nesterov needs a positive momentum/,
    ],
    ["beta1", () => new optim.Adam(parameter(), { beta1: 1 }), /Adam: beta1.*below 1; got 1/],
    ["beta2", () => new optim.AdamW(parameter(), { beta2: -0.5 }), /AdamW: beta2/],
    ["eps", () => new optim.Adam(parameter(), { eps: -1 }), /Adam: eps/],
    [
      "a name",
      () => new optim.Adam(parameter(), { beta: 0.9 } as never),
      /unknown option beta.*lr/,
    ],
    ["no parameters", () => new optim.SGD([]), /no parameters/],
    ["one twice", () => new optim.SGD(new Array(2).fill(parameter()[0])), /given twice/],
  ])("that are wrong are refused: %s", (_, make, message) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });

  // A matrix, which every rule accepts.
  const made = (name: string, options: object) => {
    const Rule = (optim as unknown as Record<string, new (p: Variable[], o: object) => unknown>)[
      name
    ];
    return () => new Rule([new Variable(tensor([[1, 2]]), { requiresGrad: true })], options);
  };
  const names = optim.rules.map(({ name }) => name);

  it.each(names)("%s refuses rates and decay rates that make no sense", (name) => {
    const { defaults } = optim.rules.find((rule) => rule.name === name)!;
    const betas = Object.keys(defaults).filter((key) => /^beta\d$/.test(key));
    const wrong: [string, number][] = [
      ...[-1, Number.NaN, Infinity].map((lr): [string, number] => ["lr", lr]),
      ...betas.flatMap((key) => [-0.1, 1, 1.5, Number.NaN].map((b): [string, number] => [key, b])),
    ];
    for (const [option, value] of wrong) {
      const message = `${name}: ${option} must be .*; got ${value}\\. Change that option`;
      expect(made(name, { [option]: value })).toThrow(ValueError);
      expect(made(name, { [option]: value })).toThrow(new RegExp(message));
    }
  });

  it("parameters are given once, in all groups together", () => {
    const [p] = parameter();
    const twice = () => new optim.Adam([{ params: [p] }, { params: [p], lr: 1 }]);
    expect(twice).toThrow(/Adam: parameter ".*" is given twice\. Pass each one once/);
    expect(() => new optim.Adam([tensor([1])] as never)).toThrow(/parameter 0 is not a variable/);
    expect(() => new optim.EMA([])).toThrow(/EMA: no parameters/);
  });

  it("a step without any gradient changes nothing and counts the parameters", async () => {
    const [p] = parameter();
    const opt = new optim.Adam([p]);
    await opt.step();
    expect([opt.t, opt.withoutGradient, await p.item()]).toEqual([0, 1, 1]);
  });

  it("a changed lr counts from the next step on", async () => {
    const [p] = parameter();
    const opt = new optim.SGD([p], { lr: 1 });
    p.grad = tensor([1]);
    await opt.step();
    opt.options.lr = 0.5;
    await opt.step();
    expect(await p.item()).toBe(-0.5);
    expect(opt.t).toBe(2);
  });
});
