import {
  compile,
  init,
  mul,
  NonFiniteError,
  optim,
  type Tensor,
  tensor,
  ValueError,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const gradients = [[3, -4, 0], [-12], [0.5, 2, -1, 1, 0.25]];
const all = gradients.flat();

/** The closed form. */
const norm = (values: readonly number[], p: number): number =>
  p === Infinity
    ? Math.max(...values.map(Math.abs))
    : values.reduce((s, x) => s + Math.abs(x) ** p, 0) ** (1 / p);

const devices = [
  ["cpu", { device: "cpu" }],
  ["webgpu", { device: "webgpu" }],
] as const;

function expectNear(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, x] of wanted.entries()) expect(got[i]).toBeCloseTo(x, 4);
}

describe.each(devices)("clipping on %s", (_, options) => {
  beforeAll(async () => {
    await init(options);
  });

  function parameters(packed: boolean): Variable[] {
    const list = gradients.map((g) => new Variable(tensor(g), { requiresGrad: true }));
    if (packed) new optim.SGD(list, { lr: 0 });
    list.forEach((p, i) => {
      p.grad = tensor(gradients[i]);
    });
    return list;
  }
  const read = async (list: Variable[]) =>
    (await Promise.all(list.map((p) => (p.grad as Tensor).data()))).flatMap((d) => [...d]);

  describe.each([true, false])("packed by an optimizer: %s", (packed) => {
    it.each([1, 2, 3, Infinity])("scales to a norm with p = %s", async (p) => {
      const list = parameters(packed);
      const norms = optim.clipGradNorm(list, 2, { normType: p });
      const total = norm(all, p);
      expect(await norms.total.item()).toBeCloseTo(total, 3);
      expectNear(
        await norms.perParameter.data(),
        gradients.map((g) => norm(g, p)),
      );
      const clipped = await read(list);
      const factor = 2 / (total + 1e-6);
      expectNear(
        clipped,
        all.map((x) => x * factor),
      );
      expect(norm(clipped, p)).toBeCloseTo(2, 4);
    });

    it("leaves gradients below the bound as they are", async () => {
      const list = parameters(packed);
      optim.clipGradNorm(list, 1e3);
      expect(await read(list)).toEqual(all);
    });

    it("takes the bound as a tensor", async () => {
      const list = parameters(packed);
      optim.clipGradNorm(list, tensor(1));
      expect(norm(await read(list), 2)).toBeCloseTo(1, 4);
    });

    it("clips values", async () => {
      const list = parameters(packed);
      optim.clipGradValue(list, 1.5);
      expect(await read(list)).toEqual(all.map((x) => Math.min(Math.max(x, -1.5), 1.5)));
    });

    it("a parameter without a gradient counts as nothing and gets none", async () => {
      const list = parameters(packed);
      list[1].grad = null;
      const { total, perParameter } = optim.clipGradNorm(list, 1);
      const rest = [...gradients[0], ...gradients[2]];
      expect(await total.item()).toBeCloseTo(norm(rest, 2), 4);
      expect((await perParameter.data())[1]).toBe(0);
      expect(list[1].grad).toBeNull();
      const kept = [list[0], list[2]];
      expect(norm(await read(kept), 2)).toBeCloseTo(1, 4);
    });

    it.each([Number.NaN, Infinity])("told to, rejects on a norm of %s", async (bad) => {
      const list = parameters(packed);
      const strict = { errorIfNonfinite: true };
      const fine = optim.clipGradNorm(list, 2, strict);
      expect(await fine.total.item()).toBeCloseTo(norm(all, 2), 3);
      expect(norm(await read(list), 2)).toBeCloseTo(2, 4);
      list[1].grad = tensor([bad]);
      const { total, perParameter } = optim.clipGradNorm(list, 2, strict);
      await expect(total.item()).rejects.toThrow(NonFiniteError);
      expect((await perParameter.data())[1]).toBe(bad);
      // What is on its way must not reach the parameters.
      expect((await read(list)).every((x) => x === 0)).toBe(true);
    });

    it("norms can be asked for in a compiled function", async () => {
      const list = parameters(packed);
      const values = gradients.map((g) => tensor(g));
      const total = compile((scale: Tensor) => {
        list.forEach((p, i) => {
          p.grad = mul(values[i], scale);
        });
        return optim.gradNorms(list).total;
      });
      for (const scale of [1, 2, 3, 4]) {
        const found = await (await total(tensor(scale))).item();
        expect(found).toBeCloseTo(scale * norm(all, 2), 3);
      }
    });

    it("norms can be asked for without clipping", async () => {
      const list = parameters(packed);
      const { total } = optim.gradNorms(list);
      expect(await total.item()).toBeCloseTo(norm(all, 2), 4);
      expect(await read(list)).toEqual(all);
    });
  });

  it("a compiled step rejects on a norm that is not finite, and keeps its parameters", async () => {
    const weight = new Variable(tensor([1, 2]), { requiresGrad: true });
    const optimizer = new optim.SGD([weight], { lr: 0.5 });
    const step = compile((x: Tensor) => {
      optimizer.zeroGrad();
      mul(weight, x).sum().backward();
      optim.clipGradNorm([weight], 1, { errorIfNonfinite: true });
      optimizer.step();
    });
    for (let i = 0; i < 3; i++) await step(tensor([0, 2]));
    const before = [...(await weight.data())];
    // The step is on its way when its call returns; what waits for it tells at the latest.
    const bad = step(tensor([Infinity, 1])).then(() => weight.data());
    await expect(bad).rejects.toThrow(/clipGradNorm: the norm of the/);
    expect([...(await weight.data())]).toEqual(before);
    await step(tensor([0, 2]));
    expect((await weight.data())[1]).toBeCloseTo(before[1] - 0.5, 4);
  });

  it("refuses bounds and norms that make no sense", () => {
    const list = parameters(false);
    const packed = parameters(true);
    for (const bound of [0, -1, Number.NaN]) {
      expect(() => optim.clipGradNorm(list, bound)).toThrow(ValueError);
      expect(() => optim.clipGradValue(list, bound)).toThrow(/clipValue must be positive/);
    }
    expect(() => optim.clipGradNorm(list, 1, { normType: 0 })).toThrow(/Use 1, 2 or Infinity/);
    for (const p of [...list, ...packed]) p.grad = null;
    for (const none of [list, packed, []]) {
      expect(() => optim.clipGradNorm(none, 1)).toThrow(/Call loss.backward\(\) before/);
    }
  });
});
