import {
  compile,
  hvp,
  init,
  losses,
  nn,
  noGrad,
  optim,
  type Tensor,
  tensor,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { type NoisyDigits, noisyDigits, stepOf } from "./noisyDigits.ts";

/** The top eigenvalue of the Hessian of the training loss, by power iteration. */
async function sharpness({ model, all }: NoisyDigits): Promise<number> {
  const f = (q: nn.Values) => losses.crossEntropy(nn.functionalCall(model, q, all.x), all.y);
  const product = compile((v: nn.Values) => hvp(f, nn.parametersOf(model), v));
  const size = (v: nn.Values) => {
    const squares = Object.values(v).map((t) => t.square().sum());
    return squares.reduce((a, b) => a.add(b)).sqrt();
  };
  let v: nn.Values = nn.parametersOf(model);
  let top = 0;
  for (let i = 0; i < 40; i++) {
    const norm = await size(v).item();
    top = norm;
    const unit = Object.entries(v).map(([name, t]) => [name, t.div(norm)]);
    v = await product(Object.fromEntries(unit) as nn.Values);
  }
  return top;
}

describe("what papers promise", () => {
  beforeAll(async () => {
    await init({ device: "cpu" });
  });

  it("SAM finds flatter places than SGD at the same loss", async () => {
    const STOP = 0.2;
    const train = async (rho: number) => {
      const digits = noisyDigits(160, 0, 16);
      const sgd = new optim.SGD(digits.model.parameters(), { lr: 0.1 });
      const sam = new optim.SAM(sgd, { rho });
      const step = compile((x: Tensor, y: Tensor) => {
        const closure = () => {
          sgd.zeroGrad();
          const loss = digits.lossOf(x, y);
          loss.backward();
          return loss;
        };
        return sam.step(closure).loss;
      });
      let loss = Infinity;
      let steps = 0;
      for (; loss > STOP && steps < 1500; steps++) {
        loss = await (await step(digits.all.x, digits.all.y)).item();
      }
      return { loss, steps, sharpness: await sharpness(digits) };
    };
    const [plain, flat] = [await train(0), await train(0.2)];
    expect(flat.loss).toBeLessThan(STOP);
    expect(Math.abs(flat.loss - plain.loss)).toBeLessThan(0.01);
    expect(flat.sharpness).toBeLessThan(0.9 * plain.sharpness);
  });

  it("EMA and SWA have a lower test loss than the last iterate on noisy digits", async () => {
    const digits = noisyDigits(400, 0.2);
    const parameters = digits.model.parameters();
    const sgd = new optim.SGD(parameters, { lr: 0.3, momentum: 0.9 });
    const ema = new optim.EMA(parameters, { decay: 0.98 });
    const swa = new optim.SWA(parameters);
    const step = stepOf(digits, sgd);
    const STEPS = 300;
    const BATCH = 32;
    for (let i = 0; i < STEPS; i++) {
      const { x, y } = digits.batch(i * 7, BATCH);
      await step(x, y);
      await ema.update();
      if (i >= STEPS / 2 && i % 5 === 0) await swa.update();
    }
    const last = await digits.testLoss();
    await ema.swap();
    const averaged = await digits.testLoss();
    await ema.swap();
    await swa.swap();
    const mean = await digits.testLoss();
    expect(averaged).toBeLessThan(0.95 * last);
    expect(mean).toBeLessThan(0.95 * last);
  });
});

describe.each(["cpu", "webgpu"] as const)("SGLD on %s", (device) => {
  const CHAINS = 20_000;
  beforeAll(async () => {
    await init({ device });
  });

  const moments = (x: ArrayLike<number>) => {
    const mean = Array.from(x).reduce((a, b) => a + b, 0) / x.length;
    const variance = Array.from(x).reduce((s, v) => s + (v - mean) ** 2, 0) / x.length;
    return { mean, variance };
  };

  it("adds noise of variance lr τ to each step of lr / 2", async () => {
    const p = new Variable(tensor(new Float32Array(CHAINS)), { requiresGrad: true });
    const opt = new optim.SGLD([p], { lr: 0.02, temperature: 3 });
    p.grad = noGrad(() => p.mul(0).add(5));
    await opt.step();
    const { mean, variance } = moments(await p.data());
    const expected = 0.02 * 3;
    expect(Math.abs(mean + (0.02 / 2) * 5)).toBeLessThan(4 * Math.sqrt(expected / CHAINS));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / CHAINS));
  });

  it("samples the posterior exp(-p² / 2τ): its variance is τ / (1 - lr / 4)", async () => {
    const p = new Variable(tensor(new Float32Array(CHAINS)), { requiresGrad: true });
    const opt = new optim.SGLD([p], { lr: 0.5, temperature: 2 });
    const step = compile(() => {
      opt.zeroGrad();
      p.square().sum().div(2).backward();
      void opt.step();
    });
    for (let i = 0; i < 40; i++) await step();
    const { mean, variance } = moments(await p.data());
    // p ← (1 - lr / 2) p + √(lr τ) ξ is stationary at this variance.
    const expected = 2 / (1 - 0.5 / 4);
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(expected / CHAINS));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / CHAINS));
  });
});
