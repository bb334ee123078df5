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

  describe.each([false, true])("packed by an optimizer: %s", (packed) => {
    it.each([false, true])("three change places, compiled: %s", async (compiled) => {
      const list = [variable(1, 2), variable(3, 4), variable(5, 6)];
      if (packed) void new optim.SGD(list);
      const turn = () => {
        // The variables themselves, not copies: what is read lies where another value goes.
        const before = list.map((v) => v.detach());
        list.forEach((v, i) => {
          v.assign(before[(i + 1) % 3]);
        });
        return before[0];
      };
      const step = compile(turn);
      let wanted = [1, 3, 5];
      for (let i = 0; i < 4; i++) {
        const first = compiled ? await step() : turn();
        expect(await values(first)).toEqual([wanted[0], wanted[0] + 1]);
        wanted = [...wanted.slice(1), wanted[0]];
        const got = await Promise.all(list.map(values));
        expect(got).toEqual(wanted.map((x) => [x, x + 1]));
      }
    });
  });

  it("gives one value to two, and its own to itself", async () => {
    const [a, b] = [variable(1, 2), variable(3, 4)];
    void new optim.SGD([a, b]);
    const step = compile(() => {
      const next = a.add(b);
      b.assign(next);
      a.assign(next);
    });
    const same = compile(() => a.assign(a.reshape([2])));
    for (let i = 1; i <= 4; i++) {
      await step();
      await same();
      const wanted = [4 * 2 ** (i - 1), 6 * 2 ** (i - 1)];
      expect([await values(a), await values(b)]).toEqual([wanted, wanted]);
    }
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
