import { init as start, type Tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { ValueError } from "../../src/core/errors.ts";
import { Conv2d, init, Linear, Module, ReLU, Sequential } from "../../src/nn/index.ts";
import { mul, ones, relu, reshape, zeros } from "../../src/ops/index.ts";

const variance = async (x: Tensor): Promise<number> => {
  const values = [...(await x.data())];
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
};

/** Runs its layers in another order than that of their definition, and one of them never. */
class Odd extends Module {
  readonly last = new Linear(8, 4, { seed: 1 });
  readonly conv = new Conv2d(1, 2, 3, { seed: 2, padding: 1 });
  readonly hidden = new Linear(32, 8, { seed: 3 });
  readonly idle = new Linear(2, 2, { seed: 4 });

  forward(x: Tensor): Tensor {
    const maps = relu(this.conv.forward(reshape(x, [-1, 1, 4, 4])));
    return this.last.forward(relu(this.hidden.forward(reshape(maps, [-1, 32]))));
  }
}

describe.each(["cpu", "webgpu"] as const)("lsuv on %s", (device) => {
  beforeAll(async () => {
    await start({ device });
  });
  const batch = () => init.normal(1, 3)([64, 16], { seed: 5 });

  it("makes the variance of each output 1, in the order of execution", async () => {
    const model = new Odd();
    const before = [...(await model.idle.weight.data())];
    const done = await init.lsuv(model, batch(), { tolerance: 0.01, seed: 6 });
    expect(done.map(({ name }) => name)).toEqual(["conv", "hidden", "last"]);
    for (const { variance, iterations } of done) {
      expect(Math.abs(variance - 1)).toBeLessThan(0.01);
      expect(iterations).toBeGreaterThan(0);
    }
    expect(Math.abs((await variance(model.forward(batch()))) - 1)).toBeLessThan(0.02);
    expect([...(await model.idle.weight.data())]).toEqual(before);
    expect([...(await model.last.bias!.data())]).toEqual([0, 0, 0, 0]);
    expect(Object.hasOwn(model.conv, "forward")).toBe(false);
  });

  it("scales an orthogonal matrix, and follows the seed", async () => {
    const weights = async (seed: number) => {
      const model = new Sequential(new Linear(16, 8), new ReLU());
      await init.lsuv(model, batch(), { seed });
      return [...(await (model.parameters()[0] as Tensor).data())];
    };
    const values = await weights(1);
    expect(await weights(1)).toEqual(values);
    expect(await weights(2)).not.toEqual(values);
    const row = (k: number) => values.slice(16 * k, 16 * k + 16);
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    const size = dot(row(0), row(0));
    expect(dot(row(3), row(3))).toBeCloseTo(size, 5);
    expect(dot(row(0), row(3))).toBeCloseTo(0, 5);
  });

  it("leaves modes as they were, also of parts", async () => {
    const model = new Sequential(new Linear(16, 8), new ReLU());
    const [first] = model.modules().slice(1);
    first!.eval();
    await init.lsuv(model, batch());
    expect(model.training).toBe(true);
    expect(first!.training).toBe(false);
  });

  it("stops after so many iterations, and says what it reached", async () => {
    const model = new Sequential(new Linear(16, 8));
    const [done] = await init.lsuv(model, batch(), { maxIterations: 1, tolerance: 1e-12 });
    expect(done).toMatchObject({ name: "0", iterations: 1 });
  });

  it("refuses outputs without a variance, and options that make no sense", async () => {
    const model = new Sequential(new Linear(16, 8));
    await expect(init.lsuv(model, zeros([4, 16]))).rejects.toThrow(/layer "0" has the variance 0/);
    const bad = mul(ones([4, 16]), Number.NaN);
    await expect(init.lsuv(model, bad)).rejects.toThrow(ValueError);
    await expect(init.lsuv(model, batch(), { tolerance: 0 })).rejects.toThrow(/above 0/);
    await expect(init.lsuv(model, batch(), { maxIterations: 0 })).rejects.toThrow(/at least 1/);
  });
});
