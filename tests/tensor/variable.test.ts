import {
  compile,
  DeviceError,
  DTypeError,
  init,
  losses,
  mul,
  nn,
  noGrad,
  optim,
  ShapeError,
  sub,
  sum,
  type Tensor,
  tensor,
  Variable,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";

const values = async (t: Tensor): Promise<number[]> => [...(await t.data())];

describe.each(["cpu", "webgpu"] as const)("variables on %s", (kind) => {
  beforeAll(async () => {
    await init({ device: kind });
  });

  const variable = (...numbers: number[]) => new Variable(tensor(numbers), { requiresGrad: true });

  it("a tensor built from one keeps the value it was built from", async () => {
    const v = variable(1, 2);
    const doubled = v.mul(2);
    const plain = v.add(0);
    v.assign(tensor([10, 20]));
    const later = v.mul(2);
    expect(await values(later)).toEqual([20, 40]);
    expect(await values(doubled)).toEqual([2, 4]);
    expect(await values(plain)).toEqual([1, 2]);
    expect(await values(v)).toEqual([10, 20]);
  });

  it("can be assigned from itself, again and again", async () => {
    const v = variable(1);
    for (let i = 0; i < 5; i++) noGrad(() => v.assign(v.mul(2)));
    expect(await values(v)).toEqual([32]);
  });

  it("swaps with another", async () => {
    const [a, b] = [variable(1, 2), variable(3, 4)];
    const [x, y] = [a.add(0), b.add(0)];
    a.assign(y);
    b.assign(x);
    expect([await values(a), await values(b)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  it("a tensor two updates old says what to do", async () => {
    const v = variable(1, 2);
    await v.data();
    const old = v.mul(2);
    for (let i = 0; i < 3; i++) {
      noGrad(() => v.assign(v.add(1)));
      await v.data();
    }
    await expect(old.data()).rejects.toThrow(DeviceError);
    await expect(old.data()).rejects.toThrow(/two updates have been made since.*Read it before/);
    expect(await values(v)).toEqual([4, 5]);
  });

  it("logits recorded before a step and read after it are those of the old parameters", async () => {
    const model = new nn.Linear(3, 2, { seed: 1 });
    const opt = new optim.Adam(model.parameters(), { lr: 0.5 });
    const x = tensor([[1, 2, 3]]);
    for (let i = 0; i < 3; i++) {
      const before = await values(model.forward(x));
      const logits = model.forward(x);
      losses.crossEntropy(logits, tensor([1], { dtype: "int32" })).backward();
      await opt.step();
      opt.zeroGrad();
      expect(await values(logits)).toEqual(before);
      expect(await values(model.forward(x))).not.toEqual(before);
    }
  });

  it("refuses values that do not fit, and keeps its own", async () => {
    const v = variable(1, 2);
    expect(() => v.assign(tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => v.assign(tensor([1, 2], { dtype: "int32" }))).toThrow(DTypeError);
    const count = tensor([1], { dtype: "int32" });
    expect(() => new Variable(count, { requiresGrad: true })).toThrow(/Cast it first/);
    expect(() => {
      new Variable(count).requiresGrad = true;
    }).toThrow(DTypeError);
    expect(await values(v)).toEqual([1, 2]);
  });

  it("inside compile everything is in order and in place", async () => {
    const v = variable(1);
    const step = compile(() => {
      const first = v.mul(10);
      v.assign(v.add(1));
      const second = v.mul(10);
      v.assign(v.mul(2));
      return [first, second, v.add(0)];
    });
    let now = 1;
    for (let call = 0; call < 5; call++) {
      const got = await Promise.all((await step()).map((t) => t.item()));
      expect(got).toEqual([10 * now, 10 * (now + 1), 2 * (now + 1)]);
      now = 2 * (now + 1);
      expect(await values(v)).toEqual([now]);
    }
  });

  it.each([true, false])("descent by hand gives SGD's bytes, compiled: %s", async (compiled) => {
    const x = tensor([
      [1, 2, 3],
      [0.5, -1, 2],
    ]);
    const train = async (byHand: boolean) => {
      const model = new nn.Linear(3, 2, { seed: 3 });
      const parameters = [...model.parameters()];
      const opt = byHand ? null : new optim.SGD(parameters, { lr: 0.1 });
      const body = () => {
        const loss = sum(mul(model.forward(x), model.forward(x)));
        for (const p of parameters) p.grad = null;
        loss.backward();
        if (opt !== null) return { loss, done: opt.step() };
        noGrad(() => {
          for (const p of parameters) p.assign(sub(p, mul(p.grad as Tensor, 0.1)));
        });
        return { loss, done: null };
      };
      const step = compile(() => body().loss);
      for (let i = 0; i < 6; i++) {
        if (compiled) await step();
        else await body().done;
      }
      return Promise.all(parameters.map(values));
    };
    expect(await train(true)).toEqual(await train(false));
  });
});
