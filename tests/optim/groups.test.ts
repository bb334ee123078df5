import { compile, init, nn, optim, sum, type Tensor, tensor, ValueError, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

const variable = (values: number[], name: string) =>
  new Variable(tensor(values), { requiresGrad: true, name });

/** Adam of one parameter by itself, in float64, for gradients that may be missing. */
function adamAlone(
  start: number[],
  gradients: (number[] | null)[],
  lr: number,
  decay = 0,
): number[] {
  const p = [...start];
  const [m, v] = [p.map(() => 0), p.map(() => 0)];
  let t = 0;
  for (const gradient of gradients) {
    if (gradient === null) continue;
    t++;
    for (const i of p.keys()) {
      const g = gradient[i] + decay * p[i];
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      p[i] -= (lr * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
    }
  }
  return p;
}

function expectNear(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 5);
}

describe.each(devices)("groups on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });

  it.each([true, false])("have options of their own, compiled: %s", async (compiled) => {
    const [a, b, c] = [variable([1, 2], "a"), variable([3], "b"), variable([-1, 4, 2], "c")];
    const opt = new optim.Adam(
      [
        { params: [a], lr: 0.1 },
        { params: [b, c], weightDecay: 0.5 },
      ],
      { lr: 0.01 },
    );
    const gradients = [
      [0.5, -1],
      [2, 0.25],
      [1, 1],
    ];
    const record = (factor: Tensor) => {
      opt.zeroGrad();
      sum(a.mul(factor))
        .add(sum(b.mul(2)))
        .add(sum(c.mul(-1)))
        .backward();
      return opt.step();
    };
    const step = compile((factor: Tensor) => void record(factor));
    for (const g of gradients) await (compiled ? step(tensor(g)) : record(tensor(g)));
    expectNear(await a.data(), adamAlone([1, 2], gradients, 0.1));
    expectNear(
      await b.data(),
      adamAlone(
        [3],
        gradients.map(() => [2]),
        0.01,
        0.5,
      ),
    );
    const down = gradients.map(() => [-1, -1, -1]);
    expectNear(await c.data(), adamAlone([-1, 4, 2], down, 0.01, 0.5));
  });

  it("counts steps for each parameter by itself", async () => {
    const [a, b] = [variable([1], "a"), variable([2], "b")];
    const opt = new optim.Adam([a, b], { lr: 0.1 });
    const given: [number[] | null, number[] | null][] = [
      [[1], [3]],
      [[2], null],
      [[0.5], null],
      [[1], [1]],
      [null, [2]],
      [[3], [0.1]],
    ];
    for (const [ga, gb] of given) {
      a.grad = ga && tensor(ga);
      b.grad = gb && tensor(gb);
      await opt.step();
      expect(opt.withoutGradient).toBe([ga, gb].filter((g) => g === null).length);
    }
    expectNear(
      await a.data(),
      adamAlone(
        [1],
        given.map(([g]) => g),
        0.1,
      ),
    );
    expectNear(
      await b.data(),
      adamAlone(
        [2],
        given.map(([, g]) => g),
        0.1,
      ),
    );
    expect(opt.stateDict().parameters.map(({ t }) => t)).toEqual([5, 4]);
  });

  it("a compiled step notices that counts have parted", async () => {
    const [a, b] = [variable([1], "a"), variable([2], "b")];
    const opt = new optim.Adam([a, b], { lr: 0.1 });
    const step = compile(() => {
      opt.zeroGrad();
      sum(a).add(sum(b)).backward();
      void opt.step();
    });
    for (let i = 0; i < 3; i++) await step();
    a.grad = tensor([1]);
    b.grad = null;
    await opt.step();
    for (let i = 0; i < 3; i++) await step();
    const ones = (count: number) => Array.from({ length: count }, () => [1]);
    expectNear(await a.data(), adamAlone([1], ones(7), 0.1));
    expectNear(await b.data(), adamAlone([2], ones(6), 0.1));
    expect(opt.stateDict().parameters.map(({ t }) => t)).toEqual([7, 6]);
  });

  it.each([true, false])("can be added later, compiled: %s", async (compiled) => {
    const [a, b] = [variable([1, 2], "a"), variable([3], "b")];
    const opt = new optim.Adam([a], { lr: 0.1, weightDecay: 0.5, nonFinite: optim.skipNonFinite });
    const record = () => {
      opt.zeroGrad();
      sum(a)
        .add(sum(b.mul(2)))
        .backward();
      return opt.step();
    };
    const step = compile(() => void record());
    const repeat = async (times: number) => {
      for (let i = 0; i < times; i++) await (compiled ? step() : record());
    };
    await repeat(3);
    opt.addParamGroup({ params: [b], lr: 0.2, name: "late" });
    b.grad = null;
    await repeat(3);
    const times = (g: number[], count: number) => Array.from({ length: count }, () => g);
    expectNear(await a.data(), adamAlone([1, 2], times([1, 1], 6), 0.1, 0.5));
    expectNear(await b.data(), adamAlone([3], times([2], 3), 0.2, 0.5));
    expect(opt.paramGroups.map(({ name, options: { lr } }) => [name, lr])).toEqual([
      ["group 0", 0.1],
      ["late", 0.2],
    ]);
    expect(opt.parameters).toEqual([a, b]);
    expect([...opt.stateDict().tensors.keys()]).toContain("m.1");
    expect(() => opt.addParamGroup({ params: [a] })).toThrow(/it has "a" already/);
    expect(() => opt.addParamGroup({ params: [variable([1], "c")], lr: -1 })).toThrow(/Adam: lr/);
    expect(() => opt.addParamGroup({ params: [] })).toThrow(/no parameters/);
    expect(opt.paramGroups).toHaveLength(2);
    const prodigy = new optim.Prodigy([variable([1], "c")]);
    expect(() => prodigy.addParamGroup({ params: [variable([1], "d")] })).toThrow(/all parameters/);
  });

  it("with another formula in one kernel", async () => {
    const [a, b] = [variable([1, 1], "a"), variable([1], "b")];
    const opt = new optim.SGD([{ params: [a], momentum: 0.5 }, { params: [b] }], { lr: 0.1 });
    for (let i = 0; i < 2; i++) {
      [a.grad, b.grad] = [tensor([1, 2]), tensor([3])];
      await opt.step();
    }
    expectNear(await a.data(), [1 - 0.1 * (1 + 1.5), 1 - 0.2 * (1 + 1.5)]);
    expectNear(await b.data(), [1 - 0.6]);
  });
});

describe("made from models", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });
  const model = () =>
    new nn.Sequential(new nn.Linear(3, 4), new nn.LayerNorm(4), new nn.Linear(4, 2));

  it("leave biases and norms without decay", () => {
    const groups = optim.decayGroups(model(), 0.1);
    expect(groups.map(({ weightDecay }) => weightDecay)).toEqual([0.1, 0]);
    expect(groups.map(({ params }) => [...params].length)).toEqual([2, 4]);
  });

  it("lower the rate layer by layer", () => {
    const groups = optim.layerwiseDecay(model(), 1, 0.5);
    expect(groups.map(({ name, lr }) => [name, lr])).toEqual([
      ["0", 0.25],
      ["1", 0.5],
      ["2", 1],
    ]);
  });

  it("unfreeze from the last layer on", () => {
    const net = model();
    const unfreezing = new optim.GradualUnfreezing(net);
    const trained = () => net.parameters().map((p) => p.requiresGrad);
    expect(trained()).toEqual([false, false, false, false, true, true]);
    expect(unfreezing.next()).toBe(true);
    expect(trained()).toEqual([false, false, true, true, true, true]);
    expect([unfreezing.next(), unfreezing.next(), unfreezing.trained]).toEqual([true, false, 3]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "mixed",
      () => new optim.Adam([{ params: [variable([1], "a")] }, variable([1], "b")] as never),
      /not a group/,
    ],
    ["a rate", () => new optim.Adam([{ params: [variable([1], "a")], lr: -1 }]), /Adam: lr/],
    [
      "a name",
      () => new optim.Adam([{ params: [variable([1], "a")], rate: 1 } as never]),
      /unknown option rate/,
    ],
    ["no matrix", () => new optim.Muon([variable([1], "bias")]), /"bias" \[1\] is no matrix/],
    ["decay", () => optim.layerwiseDecay(model(), 1, 0), /above 0/],
  ])("that are wrong are refused: %s", (_, make, message) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });

  it("several groups have no options in common", () => {
    const [a, b] = [variable([1], "a"), variable([2], "b")];
    const opt = new optim.SGD([{ params: [a] }, { params: [b], lr: 1 }]);
    expect(() => opt.options).toThrow(/paramGroups\[i\]/);
  });
});
