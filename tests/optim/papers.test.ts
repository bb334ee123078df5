import { backward, init, optim, tensor, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import type { Options } from "./paper.ts";
import { papers } from "./papers.ts";
import {
  logistic,
  matrix,
  orthonormal,
  type Problem,
  quadratic,
  rosenbrock,
  softmaxRegression,
} from "./problems.ts";
import { WRAPPED_RATE, wrapped } from "./wrapperPapers.ts";

const STEPS = 25;

/** Rules of torch.optim 1.13, whose own trajectories the oracle holds. */
const TORCH = [
  ...["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"],
  ...["Rprop", "ASGD", "SparseAdam"],
];

/** Options beside the defaults: every term of a formula has its turn. */
const cases: readonly [string, Options, object?][] = [
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
  ["Adafactor", { lr: 0.02, weightDecay: 0.05 }],
  ["NAdam", { lr: 0.02, weightDecay: 0.1 }],
];

/**
 * Rules for matrices, or with a form for them. Rates of Muon at which it does not reach the minimum:
 * there its iterations blow rounding up (1e-15 becomes 1e-4 in 25 steps).
 */
const matrixCases: typeof cases = [
  ["Muon", { lr: 0.004 }],
  ["Muon", { lr: 0.004, nesterov: 0, momentum: 0.8, weightDecay: 0.1 }, { nesterov: false }],
  ["Adafactor", { lr: 0.02, weightDecay: 0.05 }],
];

const vectors = [quadratic, rosenbrock, logistic];
const matrices = [matrix, softmaxRegression, orthonormal];

type Made = new (parameters: Variable[], options: object) => optim.Optimizer;
const classOf = (name: string): Made => (optim as unknown as Record<string, Made>)[name];

const variable = ({ start, shape }: Problem) =>
  new Variable(tensor(Float64Array.from(start), { shape }), { requiresGrad: true });

async function ours(name: string, options: object, problem: Problem): Promise<number[]> {
  const p = variable(problem);
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
  const rows = problem.shape.length === 2 ? problem.shape[0] : 0;
  for (let t = 1; t <= STEPS; t++) {
    papers[name](p, problem.gradient(p), t, state, { ...options, rows });
  }
  return p;
}

function expectSame(got: readonly number[], wanted: readonly number[]): void {
  for (const [i, x] of wanted.entries()) {
    expect(Math.abs(got[i] - x)).toBeLessThan(1e-10 * (1 + Math.abs(x)));
  }
}

describe("rules follow their papers", () => {
  beforeAll(async () => {
    await init({ device: "cpu", precision: "float64" });
  });

  describe.each([
    [cases, vectors],
    [matrixCases, matrices],
  ] as const)("", (list, problems) => {
    describe.each(list)("%s %o", (name, options, more = {}) => {
      it.each(problems)("on $name", async (problem) => {
        const got = await ours(name, { ...options, ...more }, problem);
        expectSame(got, printed(name, options, problem));
      });
    });
  });

  describe.each(["Lookahead", "SAM", "ASAM"] as const)("%s around SGD", (name) => {
    it.each(vectors)("on $name", async (problem) => {
      const p = variable(problem);
      const sgd = new optim.SGD([p], { lr: WRAPPED_RATE });
      const closure = () => {
        sgd.zeroGrad();
        const loss = problem.loss(p);
        backward(loss);
        return loss;
      };
      const wrapper = new optim[name](sgd);
      for (let t = 0; t < STEPS; t++) {
        if (wrapper instanceof optim.SAM) await wrapper.step(closure).done;
        else {
          closure();
          await wrapper.step();
        }
      }
      const wanted = [...problem.start];
      const state = {};
      for (let t = 1; t <= STEPS; t++) wrapped[name](wanted, problem.gradient, t, state);
      expectSame([...(await p.data())], wanted);
    });
  });

  it("has a script for every rule that PyTorch 1.13 lacks", () => {
    const tested = new Set([...cases, ...matrixCases].map(([name]) => name));
    const missing = optim.rules.filter(({ name }) => !TORCH.includes(name) && !tested.has(name));
    expect(missing).toEqual([]);
  });
});
