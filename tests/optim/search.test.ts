import { backward, init, optim, type Tensor, tensor, ValueError, Variable, where } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { quadratic, rosenbrock } from "./problems.ts";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

describe.each(devices)("line searches on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });

  const closureOf = (problem: typeof quadratic, p: Variable) => () => {
    p.grad = null;
    const loss = problem.loss(p);
    backward(loss);
    return loss;
  };
  const variable = (values: readonly number[]) =>
    new Variable(tensor([...values]), { requiresGrad: true });

  it("L-BFGS solves Rosenbrock's valley to 1e-8 within 60 evaluations", async () => {
    const p = variable(rosenbrock.start);
    const opt = new optim.LBFGS([p], { lineSearchFn: "strongWolfe", maxIter: 60, maxEval: 60 });
    const { loss, evaluations } = await opt.step(closureOf(rosenbrock, p));
    expect(loss).toBeLessThan(1e-8);
    expect(evaluations).toBeLessThanOrEqual(60);
  });

  it.each(["FR", "PR+", "HS"] as const)(
    "conjugate gradients %s solve a quadratic of 3 in few more than 3 steps",
    async (method) => {
      const p = variable(quadratic.start);
      const opt = new optim.ConjugateGradient([p], { method, maxIter: 10, toleranceGrad: 1e-4 });
      await opt.step(closureOf(quadratic, p));
      // The strong Wolfe search is not exact: a few more steps than the theory's 3.
      const g = quadratic.gradient([...(await p.data())]);
      expect(Math.hypot(...g)).toBeLessThan(1e-2);
    },
  );

  it("says why it ends: the gradient, no descent, a budget, what is not finite", async () => {
    const p = variable([0, 0, 0]);
    const opt = new optim.GradientDescent([p], { toleranceGrad: 10 });
    expect((await opt.step(closureOf(quadratic, p))).reason).toBe("gradient");
    const few = new optim.GradientDescent([p], { maxIter: 1 });
    expect((await few.step(closureOf(quadratic, p))).reason).toBe("maxIter");
    // A gradient that points uphill: no step along it descends.
    const wrong = variable([1]);
    const misled = new optim.GradientDescent([wrong], { maxIter: 3 });
    const uphill = async () => {
      const loss = wrong.square().sum();
      backward(loss);
      wrong.grad = tensor([-2]);
      return loss;
    };
    expect((await misled.step(uphill)).reason).toBe("noDescent");
    expect(await wrong.item()).toBe(1);
    const nan = variable([Number.NaN]);
    const lost = new optim.LBFGS([nan]);
    const closure = () => {
      const loss = nan.sum();
      backward(loss);
      return loss;
    };
    expect((await lost.step(closure)).reason).toBe("notFinite");
  });

  it("refuses a closure without a scalar loss, and options that make no sense", async () => {
    const p = variable([1, 2]);
    const opt = new optim.LBFGS([p]);
    await expect(opt.step(() => p.mul(2))).rejects.toThrow(/no scalar loss; got \[2\]/);
    await expect(opt.step((() => undefined) as never)).rejects.toThrow(/no scalar loss/);
    expect(() => new optim.LBFGS([p], { lr: -1 })).toThrow(ValueError);
    expect(() => new optim.LBFGS([p], { lineSearchFn: "wolfe" as never })).toThrow(/"strongWolfe"/);
    expect(() => new optim.LBFGS([])).toThrow(/no parameters/);
  });

  it("ends on the way uphill with strong Wolfe, too, and minimize says so", async () => {
    const p = variable([1]);
    const opt = new optim.ConjugateGradient([p], { maxIter: 3 });
    const uphill = () => {
      const loss = p.square().sum();
      backward(loss);
      p.grad = tensor([-2]);
      return loss;
    };
    expect((await opt.step(uphill)).reason).toBe("noDescent");
    expect(await p.item()).toBe(1);
    // A slope that promises a descent, and a function that never falls.
    const kink = await optim.minimize((x) => x.sub(x.detach()).add(1).sum(), [1, 1]);
    expect(kink.reason).toBe("the line search found no lower point");
    expect(kink.x).toEqual([1, 1]);
    const nowhere = await optim.minimize((x) => x.mul(Number.NaN).sum(), [1, 1]);
    expect(nowhere.reason).toBe("the function is not finite here");
  });

  it.each(["LBFGS", "ConjugateGradient", "GradientDescent"])(
    "%s turns back where the objective is no number",
    async (method) => {
      // x - ln x, with a first trial far left of 0.
      const f = (x: Tensor) => x.sub(where(x.gt(0), x.log(), Number.NaN)).sum();
      const { x, reason } = await optim.minimize(f, [9], { method, options: { lr: 30 } });
      expect(x[0]).toBeCloseTo(1, 2);
      expect(reason).not.toMatch(/not finite/);
    },
  );

  it.each(["ConjugateGradient", "GradientDescent"])(
    "%s begins a search where the last one's fall would be equalled",
    async (method) => {
      // Gradients of a badly scaled bowl: a search from t = 1 halves its step 20 times each time.
      const f = (x: Tensor) => x.square().sum().mul(1e6);
      const { evaluations, steps, value } = await optim.minimize(f, [1, 2], {
        method,
        until: optim.maxSteps(10),
      });
      expect(value).toBeLessThan(10);
      expect(evaluations).toBeLessThan(6 * steps + 25);
    },
  );

  it("iterations can be looked at one by one, and nothing is computed twice", async () => {
    const [p, q] = [variable(rosenbrock.start), variable(rosenbrock.start)];
    const options = { maxIter: 6, maxEval: 60, lineSearchFn: "strongWolfe" } as const;
    let calls = 0;
    const closure = closureOf(rosenbrock, p);
    const counted = () => {
      calls++;
      return closure();
    };
    const losses: number[] = [];
    for await (const seen of new optim.LBFGS([p], options).iterate(counted)) {
      losses.push(seen.loss);
      expect(await rosenbrock.loss(p).item()).toBeCloseTo(seen.loss, 5);
      const g = rosenbrock.gradient([...(await p.data())]);
      for (const [i, x] of (await seen.gradient.data()).entries()) expect(x).toBeCloseTo(g[i], 2);
      expect(seen.evaluations).toBe(calls);
    }
    const whole = await new optim.LBFGS([q], options).step(closureOf(rosenbrock, q));
    expect(losses).toHaveLength(7);
    expect([losses[6], calls]).toEqual([whole.loss, whole.evaluations]);
  });

  it("minimize gives the path and says why it stopped", async () => {
    const f = rosenbrock.loss;
    const found = await optim.minimize(f, [-1.2, 1], { until: optim.gradientBelow(1e-2) });
    expect(found.value).toBeLessThan(1e-4);
    expect(found.path[0]!.x.map((v) => Math.fround(v))).toEqual([-1.2, 1].map(Math.fround));
    expect(found.path).toHaveLength(found.steps + 1);
    expect(found.reason).toMatch(/^the gradient's norm .* is below 0.01$/);
    const adam = await optim.minimize(f, [-1.2, 1], {
      method: "Adam",
      options: { lr: 0.05 },
      until: optim.maxSteps(30),
    });
    expect([adam.steps, adam.evaluations, adam.reason]).toEqual([30, 31, "30 steps were made"]);
    expect(adam.value).toBeLessThan(24.2);
    for (const method of [
      optim.Adam,
      optim.LBFGS,
      optim.GradientDescent,
      optim.ConjugateGradient,
    ]) {
      const until = optim.maxSteps(3);
      const byClass = await optim.minimize(f, [-1.2, 1], { method, until });
      const byName = await optim.minimize(f, [-1.2, 1], {
        method: method === optim.Adam ? "Adam" : method.name,
        until,
      });
      expect(byClass).toEqual(byName);
    }
    const told: [number, number][] = [];
    const seen = await optim.minimize(f, [-1.2, 1], {
      method: "GradientDescent",
      until: optim.maxSteps(3),
      onStep: ({ value, gradientNorm }, step) => {
        expect(gradientNorm).toBeGreaterThan(0);
        told.push([step, value]);
      },
    });
    expect(told).toEqual(seen.path.map(({ value }, step) => [step, value]));
    const once = await optim.minimize(f, [-1.2, 1], { options: { maxIter: 1 } });
    expect([once.steps, once.reason]).toEqual([1, "maxIter iterations were made"]);
    await expect(optim.minimize(f, [0, 0], { method: "Newton" })).rejects.toThrow(/unknown method/);
    await expect(optim.minimize((x) => x, [0, 0])).rejects.toThrow(/no scalar; got \[2\]/);
  });

  it("the rate finder suggests a rate at which the loss falls, and leaves all as it was", async () => {
    const p = variable([1, -1, 2]);
    const opt = new optim.SGD([p], { lr: 0.3, momentum: 0.5 });
    const step = async () => {
      const loss = closureOf(quadratic, p)();
      await opt.step();
      return loss;
    };
    await step();
    const before = [[...(await p.data())], opt.t, opt.options.lr];
    const momentum = [...(await opt.slot("v", p).data())];
    const found = await optim.lrFinder(opt, step, {
      startLr: 1e-4,
      endLr: 100,
      steps: 40,
      smoothing: 0.5,
    });
    expect(found.diverged).toBe(true);
    // Descent on a quadratic is stable below 2 / λ, here about 0.4 to 0.8 with momentum.
    expect(found.suggestion).toBeGreaterThan(1e-3);
    expect(found.suggestion).toBeLessThan(1);
    expect([[...(await p.data())], opt.t, opt.options.lr]).toEqual(before);
    expect([...(await opt.slot("v", p).data())]).toEqual(momentum);
  });
});

describe("criteria", () => {
  const seen = (step: number, loss: number, more = {}) => ({ step, loss, ...more });

  it("combine", () => {
    const either = optim.maxSteps(3).or(optim.gradientBelow(0.1));
    expect(either.check(seen(1, 1, { gradientNorm: 1 }))).toBeNull();
    expect(either.check(seen(1, 1, { gradientNorm: 0.01 }))).toMatch(/below 0.1/);
    const both = optim.maxSteps(2).and(optim.plateau(2));
    expect([1, 2, 3, 4].map((k) => both.check(seen(k, 1)))).toEqual([
      null,
      null,
      "2 steps were made and the loss has not improved for 2 steps",
      "2 steps were made and the loss has not improved for 2 steps",
    ]);
  });

  it("measure changes", () => {
    const change = optim.lossChangeBelow(0.01);
    expect([10, 9, 8.95].map((loss, k) => change.check(seen(k, loss)) !== null)).toEqual([
      false,
      false,
      true,
    ]);
    const parameters = optim.parameterChangeBelow(0.5);
    expect(parameters.check(seen(1, 1, { parameterChange: 0.4 }))).toMatch(/0.5/);
    expect(() => parameters.check(seen(1, 1))).toThrow(/nobody measured it/);
    const time = optim.maxTime(1e-6);
    time.check(seen(0, 1));
    expect(time.check(seen(1, 1))).toMatch(/ms have passed/);
    expect(() => optim.maxSteps(0)).toThrow(ValueError);
  });
});
