import {
  compile,
  grad,
  gradients,
  mul,
  nn,
  optim,
  setDefaultDevice,
  square,
  sum,
  type Tensor,
  tensor,
  vmap,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

const list = async (t: Tensor | null): Promise<unknown> => t?.toArray();
const leaf = (values: number[]) => tensor(values, { requiresGrad: true });

describe("registerHook", () => {
  it("sees the complete gradient of a value in between, once", async () => {
    const x = leaf([1, 2]);
    const h = square(x);
    const seen: Tensor[] = [];
    h.registerHook((g) => {
      seen.push(g);
    });
    sum(mul(h, h).add(h)).backward();
    expect(seen.length).toBe(1);
    expect(await list(seen[0]!)).toEqual([3, 9]);
    expect(await list(x.grad)).toEqual([6, 36]);
  });

  it("replaces the gradient, and lets go when it is removed", async () => {
    const x = leaf([1, 2]);
    const remove = x.registerHook((g) => mul(g, 10));
    sum(square(x)).backward();
    expect(await list(x.grad)).toEqual([20, 40]);
    remove();
    x.grad = null;
    sum(square(x)).backward();
    expect(await list(x.grad)).toEqual([2, 4]);
  });

  it("stays with a parameter after updates, also inside compile", async () => {
    const p = new nn.Parameter(tensor([1, 2]));
    p.registerHook((g) => mul(g, 0.5));
    const sgd = new optim.SGD([p], { lr: 1 });
    const step = compile((x: Tensor) => {
      sgd.zeroGrad();
      const loss = sum(mul(p, x));
      loss.backward();
      sgd.step();
      return loss;
    });
    for (let i = 0; i < 4; i++) await step(tensor([2, 4]));
    expect(await list(p)).toEqual([1 - 4, 2 - 8]);
  });

  it("runs for grad, and for each example under vmap", async () => {
    const f = (x: Tensor) => {
      const h = square(x);
      h.registerHook((g) => mul(g, 3));
      return sum(h);
    };
    expect(await list(grad(f)(tensor([1, 2])))).toEqual([6, 12]);
    expect(await list(vmap(grad(f))(tensor([[1], [2]])))).toEqual([[6], [12]]);
    expect(await list(grad((x: Tensor) => sum(vmap(f)(x)))(tensor([[1], [2]])))).toEqual([
      [6],
      [12],
    ]);
  });

  it("refuses a tensor without gradients, and a result of another shape", () => {
    expect(() => tensor([1]).registerHook(() => {})).toThrow(
      /registerHook: the tensor does not depend/,
    );
    const x = leaf([1, 2]);
    x.registerHook((g) => sum(g));
    expect(() => sum(square(x)).backward()).toThrow(
      /a hook gave \[\] for a gradient of shape \[2\]/,
    );
  });
});

describe("gradients", () => {
  it("gives those of parameters, inputs and values in between, and leaves grad alone", async () => {
    const [x, p] = [leaf([1, 2]), new nn.Parameter(tensor([3, 4]))];
    const h = mul(x, p);
    const loss = sum(square(h));
    const found = gradients(loss, { x, inner: [h], p });
    expect(await list(found.x)).toEqual([18, 64]);
    expect(await list(found.inner[0]!)).toEqual([6, 16]);
    expect(await list(found.p)).toEqual([6, 32]);
    expect([x.grad, p.grad]).toEqual([null, null]);
    // The record stays: it can be asked again.
    expect(await list(gradients(loss, x))).toEqual([18, 64]);
  });

  it("can be differentiated again: a gradient penalty", async () => {
    const [x, p] = [leaf([1, 2]), new nn.Parameter(tensor([3, 4]))];
    const g = gradients(sum(mul(square(x), p)), x, { createGraph: true });
    // ½Σ(2xp)² has the gradient 4x²p by p.
    const penalty = mul(sum(square(g)), 0.5);
    expect(await list(gradients(penalty, p))).toEqual([12, 64]);
  });

  it("takes the gradient of a loss that is no scalar", async () => {
    const x = leaf([1, 2]);
    expect(await list(gradients(square(x), x, { gradient: tensor([1, 10]) }))).toEqual([2, 40]);
    expect(() => gradients(square(x), x)).toThrow(/not a scalar/);
  });

  it("names an input that the loss does not depend on, or that has no gradient", () => {
    const [x, y] = [leaf([1]), leaf([2])];
    const loss = sum(square(x));
    expect(() => gradients(loss, { x, y })).toThrow(/does not depend on input y/);
    expect(gradients(loss, { y }, { allowUnused: true }).y).toBeNull();
    expect(() => gradients(loss, [tensor([1])])).toThrow(
      /gradients: input \[0\]: the tensor does not depend/,
    );
    expect(() => gradients(loss, 3 as never)).toThrow(/is number, not a tensor/);
  });
});
