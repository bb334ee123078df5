import { compile, init, noGrad, optim, sum, type Tensor, tensor, Variable } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const devices = [
  ["cpu", { device: "cpu", precision: "float64" }],
  ["webgpu", { device: "webgpu" }],
] as const;

function expectNear(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 5);
}

/** The gradient of ½ Σ c p² is c p. */
const weights = [1, 3];
const start = [2, -1];
const STEPS = 7;

describe.each(devices)("wrappers on %s", (_, options) => {
  // Outside the compiled functions: a tensor that is made inside is another at each call.
  let halves: Tensor;
  beforeAll(async () => {
    await init(options);
    halves = tensor(weights.map((c) => c / 2));
  });
  const variable = () => new Variable(tensor(start), { requiresGrad: true });
  const loss = (p: Tensor) => sum(p.square().mul(halves));

  describe.each([false, true])("compiled: %s", (compiled) => {
    /** Runs `record` as often as there are steps, as it is or compiled. */
    async function repeat(record: () => Promise<unknown> | undefined): Promise<void> {
      const step = compile(() => void record());
      for (let i = 0; i < STEPS; i++) await (compiled ? step() : record());
    }

    it("Lookahead goes back towards its slow weights", async () => {
      const p = variable();
      const opt = new optim.Lookahead(new optim.SGD([p], { lr: 0.1 }), { k: 3, alpha: 0.4 });
      await repeat(() => {
        opt.zeroGrad();
        loss(p).backward();
        return opt.step();
      });
      let [fast, slow] = [[...start], [...start]];
      for (let t = 1; t <= STEPS; t++) {
        fast = fast.map((x, i) => x - 0.1 * weights[i] * x);
        if (t % 3 !== 0) continue;
        slow = slow.map((s, i) => s + 0.4 * (fast[i] - s));
        fast = [...slow];
      }
      expectNear(await p.data(), fast);
    });

    it("EMA averages with a decay that warms up", async () => {
      const p = variable();
      const opt = new optim.SGD([p], { lr: 0.1 });
      const ema = new optim.EMA([p], { decay: 0.3 });
      await repeat(() => {
        opt.zeroGrad();
        loss(p).backward();
        void opt.step();
        return ema.update();
      });
      let [now, average] = [[...start], [...start]];
      for (let t = 1; t <= STEPS; t++) {
        now = now.map((x, i) => x - 0.1 * weights[i] * x);
        const beta = Math.min(0.3, (1 + t) / (10 + t));
        average = average.map((a, i) => beta * a + (1 - beta) * now[i]);
      }
      expectNear(await ema.averageOf(p).data(), average);
      await ema.swap();
      expectNear(await p.data(), average);
      await ema.swap();
      expectNear(await p.data(), now);
    });

    it("SWA is the mean of the points", async () => {
      const p = variable();
      const opt = new optim.SGD([p], { lr: 0.1 });
      const swa = new optim.SWA([p]);
      await repeat(() => {
        opt.zeroGrad();
        loss(p).backward();
        void opt.step();
        return swa.update();
      });
      const points = Array.from({ length: STEPS }, (_, t) =>
        start.map((x, i) => x * (1 - 0.1 * weights[i]) ** (t + 1)),
      );
      const means = start.map((_, i) => points.reduce((s, q) => s + q[i] / STEPS, 0));
      expectNear(await swa.averageOf(p).data(), means);
      expect(swa.updates).toBe(STEPS);
    });

    it.each(["SAM", "ASAM"] as const)("%s steps by the gradient near by", async (name) => {
      const p = variable();
      const opt = new optim[name](new optim.SGD([p], { lr: 0.1 }), { rho: 0.2 });
      await repeat(
        () =>
          opt.step(() => {
            opt.optimizer.zeroGrad();
            const value = loss(p);
            value.backward();
            return value;
          }).done,
      );
      let now = [...start];
      for (let t = 1; t <= STEPS; t++) {
        const scale = now.map((x) => (name === "SAM" ? 1 : Math.abs(x) + 0.01));
        const g = now.map((x, i) => weights[i] * x * scale[i]);
        const norm = Math.hypot(...g);
        const near = now.map((x, i) => x + (0.2 * scale[i] * g[i]) / norm);
        now = now.map((x, i) => x - 0.1 * weights[i] * near[i]);
      }
      expectNear(await p.data(), now);
    });
  });

  it("averages and parameters change places in a compiled function", async () => {
    const p = variable();
    const ema = new optim.EMA([p], { decay: 0.3 });
    p.assign(tensor([7, 8]));
    const swap = compile(() => void ema.swap());
    for (let i = 0; i < 4; i++) {
      await swap();
      const [now, average] = i % 2 === 0 ? [start, [7, 8]] : [[7, 8], start];
      expectNear(await p.data(), now);
      expectNear(await ema.averageOf(p).data(), average);
    }
  });

  it("SAM refuses closures that give no loss, or no scalar", () => {
    const sam = new optim.SAM(new optim.SGD([variable()], { lr: 0.1 }));
    expect(() => sam.step((async () => halves) as never)).toThrow(
      /SAM: the closure returns no loss/,
    );
    expect(() => sam.step(() => halves)).toThrow(/SAM: the closure returns no scalar; got \[2\]/);
    expect(() => sam.step((() => undefined) as never)).toThrow(/no loss; got undefined/);
  });

  it("accumulation is one step of all batches", async () => {
    const [p, q] = [variable(), variable()];
    const batches = [0, 1, 2, 3].map((i) => tensor([1 + i, -i]));
    const slow = new optim.Adam([q], { lr: 0.1 });
    const opt = new optim.GradientAccumulation(new optim.Adam([p], { lr: 0.1 }), 2);
    const stepped: boolean[] = [];
    for (const batch of batches) {
      opt.backward(p.mul(batch).sum());
      stepped.push(await opt.step());
    }
    for (const pair of [batches.slice(0, 2), batches.slice(2)]) {
      slow.zeroGrad();
      q.mul(pair[0].add(pair[1])).sum().div(2).backward();
      await slow.step();
    }
    expect(stepped).toEqual([false, true, false, true]);
    expectNear(await p.data(), [...(await q.data())]);
  });

  it("loss scaling halves where gradients overflow, and grows again", async () => {
    const p = variable();
    const opt = new optim.SGD([p], { lr: 0.1, nonFinite: optim.skipNonFinite });
    const scaler = new optim.LossScaler(p.device, { initScale: 8, growthInterval: 2 });
    const scales: number[] = [];
    for (const factor of [1, Infinity, 1, 1, 1]) {
      opt.zeroGrad();
      scaler.scale(p.mul(factor).sum()).backward();
      scaler.unscale([p]);
      await opt.step();
      scales.push(await scaler.current.item());
    }
    expect(scales).toEqual([8, 4, 4, 8, 8]);
    expectNear(
      await p.data(),
      start.map((x) => x - 0.4),
    );
  });

  it("gradients are centralized, clipped by units and by percentile", async () => {
    const w = new Variable(
      tensor([
        [1, 2],
        [30, 40],
      ]),
      { requiresGrad: true },
    );
    w.grad = tensor([
      [1, 3],
      [-2, 4],
    ]);
    optim.centralizeGradients([w]);
    expect(await w.grad.toArray()).toEqual([
      [-1, 1],
      [-3, 3],
    ]);
    optim.clipGradAdaptive([w], { clipping: 0.1 });
    const most = 0.1 * Math.sqrt(5);
    expectNear(await w.grad.data(), [-most / Math.SQRT2, most / Math.SQRT2, -3, 3]);

    const clip = new optim.PercentileClip([w], { percentile: 50, window: 4 });
    const norms: number[] = [];
    for (const size of [1, 3, 2, 100, 5]) {
      w.grad = tensor([
        [size, 0],
        [0, 0],
      ]);
      clip.clip();
      norms.push(Math.hypot(...(await w.grad.data())));
    }
    // Medians, the lower of two, of the last four norms: 1, 1, 2, 2, 3.
    expectNear(
      norms,
      [1, 1, 2, 2, 3].map((m, i) => Math.min(m, [1, 3, 2, 100, 5][i])),
    );
  });

  it("noise on gradients has the deviation of its step", async () => {
    const p = new Variable(tensor(new Float32Array(4000)), { requiresGrad: true });
    const noise = new optim.GradientNoise([p], { eta: 4, gamma: 1 });
    for (const deviation of [2, Math.SQRT2]) {
      p.grad = noGrad(() => p.mul(0));
      noise.apply();
      const values = await p.grad.data();
      const spread = Math.sqrt(Array.from(values).reduce((s, x) => s + x * x, 0) / values.length);
      expect(Math.abs(spread / deviation - 1)).toBeLessThan(0.05);
    }
  });
});
