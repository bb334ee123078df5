import { compile, init, optim, tensor, ValueError, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

/** Schedules against their closed forms; those that PyTorch has are in the golden cases, too. */
const base = { lr: 0.4 };
const half = (share: number) => (1 + Math.cos(Math.PI * share)) / 2;

const closed: readonly [string, optim.Schedule, (step: number) => number][] = [
  [
    "MultiStepLR",
    optim.MultiStepLR.schedule({ milestones: [3, 7], gamma: 0.5 }),
    (k) => 0.4 * 0.5 ** (Number(k >= 3) + Number(k >= 7)),
  ],
  [
    "CosineAnnealingWarmRestarts",
    optim.CosineAnnealingWarmRestarts.schedule({ t0: 2, tMult: 2, etaMin: 0.1 }),
    (k) => {
      // Cycles of 2, 4, 8, … begin at 0, 2, 6, 14.
      const [start, length] = k < 2 ? [0, 2] : k < 6 ? [2, 4] : [6, 8];
      return 0.1 + 0.3 * half((k - start) / length);
    },
  ],
  [
    "ChainedScheduler",
    optim.ChainedScheduler.schedule({
      schedules: [
        optim.ConstantLR.schedule({ factor: 0.5, totalIters: 4 }),
        optim.ExponentialLR.schedule({ gamma: 0.9 }),
      ],
    }),
    (k) => 0.4 * (k < 4 ? 0.5 : 1) * 0.9 ** k,
  ],
  [
    "ExponentialAnnealingLR",
    optim.ExponentialAnnealingLR.schedule({ rate: 0.2 }),
    (k) => 0.4 * Math.exp(-0.2 * k),
  ],
  ["InverseTimeLR", optim.InverseTimeLR.schedule({ rate: 0.5 }), (k) => 0.4 / (1 + 0.5 * k)],
  [
    "InverseSqrtLR, Noam's",
    optim.InverseSqrtLR.schedule({ warmup: 4, modelSize: 16 }),
    (k) => (0.4 / 4) * Math.min((k + 1) ** -0.5, (k + 1) * 4 ** -1.5),
  ],
  [
    "InverseSqrtLR, its largest rate the base",
    optim.InverseSqrtLR.schedule({ warmup: 4 }),
    (k) => (k < 4 ? (0.4 * (k + 1)) / 4 : 0.4 * Math.sqrt(4 / (k + 1))),
  ],
  [
    "WarmupStableDecayLR",
    optim.WarmupStableDecayLR.schedule({
      warmup: 2,
      stable: 3,
      decay: 5,
      minFactor: 0.2,
      shape: "sqrt",
    }),
    (k) => (k < 2 ? 0.2 * (k + 1) : k < 5 ? 0.4 : 0.4 * (0.2 + 0.8 * (1 - Math.sqrt((k - 4) / 5)))),
  ],
  [
    "SlantedTriangularLR",
    optim.SlantedTriangularLR.schedule({ totalSteps: 10, cutFraction: 0.2, ratio: 4 }),
    (k) => (0.4 * (1 + 3 * (k < 2 ? k / 2 : 1 - (k - 2) / 8))) / 4,
  ],
];

describe("schedules", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });
  const optimizer = (options = {}) =>
    new optim.SGD([new Variable(tensor([1]), { requiresGrad: true })], { lr: 0.4, ...options });

  it.each(closed)("%s is its closed form", (_, schedule, wanted) => {
    for (let k = 0; k < 10; k++) expect(schedule(k, base).lr).toBeCloseTo(wanted(k), 12);
  });

  it("go on from a step number", () => {
    const [a, b] = [optimizer(), optimizer()];
    const first = new optim.OneCycleLR(a, { maxLr: 1, totalSteps: 20 });
    for (let i = 0; i < 7; i++) first.step();
    const second = new optim.OneCycleLR(b, { maxLr: 1, totalSteps: 20 });
    second.loadStateDict(first.stateDict());
    expect(second.lastLr).toEqual(first.lastLr);
    expect(second.at(3)).toEqual(first.at(3));
    expect(second.lastStep).toBe(7);
  });

  it("set β1 where there is no momentum", () => {
    const adam = new optim.Adam([new Variable(tensor([1]), { requiresGrad: true })]);
    new optim.OneCycleLR(adam, { maxLr: 1, totalSteps: 20 });
    expect(adam.options.beta1).toBe(0.95);
    expect(adam.options.lr).toBeCloseTo(0.04, 12);
  });

  it("step at every replay inside a compiled function", async () => {
    const opt = optimizer();
    const schedule = new optim.ExponentialLR(opt, { gamma: 0.5 });
    const [p] = opt.parameters;
    const step = compile(() => {
      opt.zeroGrad();
      p.sum().backward();
      void opt.step();
      schedule.step();
    });
    for (let i = 0; i < 5; i++) await step();
    expect(schedule.lastStep).toBe(5);
    const moved = [0, 1, 2, 3, 4].reduce((sum, k) => sum + 0.4 * 0.5 ** k, 0);
    expect(await p.item()).toBeCloseTo(1 - moved, 5);
  });

  it("end where they are said to", () => {
    const schedule = new optim.OneCycleLR(optimizer(), { maxLr: 1, totalSteps: 3 });
    for (let i = 0; i < 3; i++) schedule.step();
    expect(() => schedule.step()).toThrow(/stepped past its end; it has 3 steps/);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "stepSize",
      () => new optim.StepLR(optimizer(), { stepSize: 0 }),
      /stepSize must be a whole number/,
    ],
    [
      "gamma",
      () => new optim.ExponentialLR(optimizer(), { gamma: -1 }),
      /gamma must be at least 0/,
    ],
    [
      "a function",
      () => new optim.LambdaLR(optimizer(), { lambda: () => Number.NaN }),
      /gives NaN for step 0/,
    ],
    ["milestones", () => optim.SequentialLR.schedule({ schedules: [], milestones: [3] }), /rising/],
    ["nothing", () => optim.ChainedScheduler.schedule({ schedules: [] }), /no schedules/],
    [
      "a mode",
      () => optim.CyclicLR.schedule({ baseLr: 0, maxLr: 1, mode: "up" as never }),
      /unknown mode/,
    ],
    ["no optimizer", () => new optim.StepLR({} as never, { stepSize: 1 }), /no rate to schedule/],
    [
      "a plateau's factor",
      () => new optim.ReduceLROnPlateau(optimizer(), { factor: 1.5 }),
      /factor below 1/,
    ],
    [
      "minLr",
      () => new optim.ReduceLROnPlateau(optimizer(), { minLr: [0, 0] }),
      /one for each group/,
    ],
  ])("with wrong options are refused: %s", (_, make, message) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });

  it("a plateau wants a number", () => {
    const plateau = new optim.ReduceLROnPlateau(optimizer());
    expect(() => plateau.step(tensor(1) as never)).toThrow(/await loss.item\(\)/);
  });
});
