import { backward, init, optim, tensor, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { type Options, papers } from "./papers.ts";
import { logistic, type Problem, quadratic, rosenbrock } from "./problems.ts";

const STEPS = 25;

/** Options beside the defaults: every term of a formula has its turn. */
const cases: readonly [string, Options, Options?][] = [
  ["SignSGD", { lr: 0.01 }],
  ["SignSGD", { lr: 0.01, momentum: 0.8, weightDecay: 0.1 }],
  ["Lion", { lr: 0.01, weightDecay: 0.1 }],
  ["AdaBelief", { lr: 0.01, weightDecay: 0.1, eps: 1e-8 }],
  ["Yogi", { lr: 0.05, weightDecay: 0.1 }],
  ["LARS", { lr: 0.5, weightDecay: 0.01, trust: 0.02 }],
  ["LAMB", { lr: 0.02, weightDecay: 0.05 }],
  ["Adan", { lr: 0.02, weightDecay: 0.05 }],
  ["ScheduleFree", { lr: 0.02, weightDecay: 0.05, warmupSteps: 7 }],
  ["Prodigy", { lr: 1, d0: 1e-3, weightDecay: 0.01 }],
  ["SGLD", { lr: 1e-3, weightDecay: 0.1 }, { temperature: 0 }],
  ["SparseAdam", { lr: 0.02 }],
  ["NAdam", { lr: 0.02, weightDecay: 0.1 }],
];

type Made = new (parameters: Variable[], options: object) => optim.Optimizer;
const classOf = (name: string): Made => (optim as unknown as Record<string, Made>)[name];

async function ours(name: string, options: object, problem: Problem): Promise<number[]> {
  const p = new Variable(tensor([...problem.start]), { requiresGrad: true });
  const optimizer = new (classOf(name))([p], options);
  for (let i = 0; i < STEPS; i++) {
    optimizer.zeroGrad();
    backward(problem.loss(p));
    await optimizer.step();
  }
  return [...(await p.data())];
}

function printed(name: string, options: Options, problem: Problem): number[] {
  const p = [...problem.start];
  const state = {};
  for (let t = 1; t <= STEPS; t++) papers[name](p, problem.gradient(p), t, state, options);
  return p;
}

describe("rules follow their papers", () => {
  beforeAll(async () => {
    await init({ device: "cpu", precision: "float64" });
  });

  describe.each(cases)("%s %o", (name, options, more = {}) => {
    it.each([quadratic, rosenbrock, logistic])("on $name", async (problem) => {
      const got = await ours(name, { ...options, ...more }, problem);
      for (const [i, x] of printed(name, options, problem).entries()) {
        expect(Math.abs(got[i] - x)).toBeLessThan(1e-10 * (1 + Math.abs(x)));
      }
    });
  });
});
