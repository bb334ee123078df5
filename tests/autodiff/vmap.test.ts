import {
  add,
  bernoulli,
  compile,
  crossEntropy,
  grad,
  init,
  manualSeed,
  matmul,
  mul,
  noGrad,
  rand,
  setDefaultDevice,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  Variable,
  vmap,
} from "tapegrad";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlanningDevice } from "../suite/planningDevice.ts";

const device = new PlanningDevice();
beforeAll(() => setDefaultDevice(device));
beforeEach(() => {
  device.launches = 0;
});

const list = async (x: Tensor): Promise<unknown> => x.toArray();
const x = () =>
  tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

describe("vmap", () => {
  it("maps over the axes that it is told", async () => {
    const dot = (p: Tensor, q: Tensor) => sum(mul(p, q));
    expect(await list(vmap(dot)(x(), x()))).toEqual([5, 25, 61]);
    expect(await list(vmap(dot, { inAxes: [0, null] })(x(), tensor([1, 10])))).toEqual([
      21, 43, 65,
    ]);
    expect(await list(vmap(dot, { inAxes: 1 })(x(), x()))).toEqual([35, 56]);
    expect(await list(vmap((r: Tensor) => mul(r, 2), { outAxes: -1 })(x()))).toEqual([
      [2, 6, 10],
      [4, 8, 12],
    ]);
  });

  it("takes and gives trees, and passes on what is no tensor", async () => {
    const f = ({ p, q }: { p: Tensor; q: Tensor }, factor: number) => ({
      s: mul(p, factor),
      t: [q],
    });
    const tree = { p: x(), q: tensor([7, 8]) };
    const out = vmap(f, { inAxes: [{ p: 0, q: null }, null] })(tree, 3);
    expect(await list(out.s)).toEqual([
      [3, 6],
      [9, 12],
      [15, 18],
    ]);
    expect(await list(out.t[0]!)).toEqual([
      [7, 8],
      [7, 8],
      [7, 8],
    ]);
  });

  it("nests", async () => {
    const outer = vmap((p: Tensor) => vmap((q: Tensor) => mul(p, q))(tensor([1, 10])));
    expect(await list(outer(tensor([1, 2, 3])))).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
  });

  it("of grad gives each example's gradient, of a whole model in as many launches for any batch", async () => {
    const w = tensor([
      [0.1, -0.2, 0.3],
      [0.5, 0.4, -0.1],
    ]);
    const b = tensor([0.1, 0.2, 0.3]);
    const loss = (m: { w: Tensor; b: Tensor }, p: Tensor, label: Tensor) =>
      crossEntropy(add(matmul(tanh(p), m.w), m.b).reshape([1, 3]), label.reshape([1]));
    const labels = tensor([0, 2, 1], { dtype: "int32" });
    const each = vmap(grad(loss), { inAxes: [null, 0, 0] })({ w, b }, x(), labels);
    expect(each.w.shape).toEqual([3, 2, 3]);
    for (const i of [0, 1, 2]) {
      const one = grad(loss)({ w, b }, x().select(0, i), labels.select(0, i));
      const [got, wanted] = [await each.w.select(0, i).data(), await one.w.data()];
      for (const [k, v] of wanted.entries()) expect(got[k]).toBeCloseTo(v, 12);
    }
  });

  it("is differentiated from outside, also by what all examples share", async () => {
    const total = (w: Tensor) => sum(vmap((r: Tensor) => square(sum(mul(r, w))))(x()));
    // Σ (r·w)² has the gradient 2 Σ (r·w) r.
    expect(await list(grad(total)(tensor([1, 1])))).toEqual([2 * (3 + 21 + 55), 2 * (6 + 28 + 66)]);
  });

  it("keeps gradients stopped where the function stops them", async () => {
    const f = (r: Tensor) => sum(mul(stopGradient(r), r));
    expect(await list(grad((y: Tensor) => sum(vmap(f)(y)))(x()))).toEqual(await list(x()));
    const g = (r: Tensor) =>
      sum(
        mul(
          noGrad(() => square(r)),
          r,
        ),
      );
    expect(await list(grad((y: Tensor) => sum(vmap(g)(y)))(x()))).toEqual(await list(square(x())));
  });

  it("computes in chunks what it computes at once", async () => {
    const f = (r: Tensor) => ({ s: sum(r), r: mul(r, r) });
    const [whole, parts] = [vmap(f)(x()), vmap(f, { chunkSize: 2 })(x())];
    expect(await list(parts.s)).toEqual(await list(whole.s));
    expect(await list(parts.r)).toEqual(await list(whole.r));
  });

  it("works on a batch of none", async () => {
    const none = tensor(new Float32Array(0), { shape: [0, 2] });
    expect(vmap((r: Tensor) => matmul(x(), r))(none).shape).toEqual([0, 3]);
  });

  it("replays inside compile", async () => {
    const f = compile((y: Tensor) => vmap(grad((r: Tensor) => sum(mul(square(r), r))))(y));
    for (const k of [1, 2, 3, 4]) {
      expect(await list(await f(mul(x(), k)))).toEqual(await list(mul(square(mul(x(), k)), 3)));
    }
  });
});

describe("random numbers under vmap", () => {
  const f = (r: Tensor) => add(r, rand([2]));
  const zero = () => sub(x(), x());

  it("are refused unless it is said what is meant", () => {
    expect(() => vmap(f)(x())).toThrow(/vmap: the function draws random numbers/);
  });

  it("are the same for all examples, or each example's own", async () => {
    manualSeed(3);
    const same = (await list(vmap(f, { randomness: "same" })(zero()))) as number[][];
    expect(same[1]).toEqual(same[0]);
    const apart = (await list(vmap(f, { randomness: "different" })(zero()))) as number[][];
    expect(new Set(apart.flat()).size).toBe(6);
  });

  it("of the examples' own are independent: the mean of many is that of the distribution", async () => {
    const many = tensor(new Float32Array(4000), { shape: [1000, 4] });
    const f = (r: Tensor) => add(r, bernoulli(0.3, [4]).cast("float32"));
    const drawn = vmap(f, { randomness: "different" })(many);
    expect(Math.abs((await drawn.mean().item()) - 0.3)).toBeLessThan(5 * Math.sqrt(0.21 / 4000));
    const perExample = await drawn.sum(1).data();
    expect(new Set(perExample).size).toBeGreaterThan(3);
  });
});

describe("bad input to vmap", () => {
  const having = (r: Tensor, run: () => void): Tensor => {
    run();
    return r;
  };
  const two = () => tensor([1, 2]);
  it.each<[string, () => unknown, RegExp]>([
    [
      "sizes that differ",
      () => vmap(add)(x(), two()),
      /argument 0 \[3, 2\] has 3 along axis 0, argument 1 \[2\] has 2/,
    ],
    ["no axis", () => vmap(add, { inAxes: null })(x(), x()), /no argument has examples/],
    ["an axis out of range", () => vmap((r: Tensor) => r, { inAxes: 2 })(x()), /vmap: axis 2/],
    ["a scalar", () => vmap((r: Tensor) => r)(tensor(1)), /a scalar, which has no axis/],
    [
      "too few axes",
      () => vmap(add, { inAxes: [0] })(x(), x()),
      /inAxes has 1 entries for 2 arguments/,
    ],
    [
      "a tree of axes for a tensor",
      () => vmap((r: Tensor) => r, { inAxes: [{ a: 0 }] })(x()),
      /inAxes has a list/,
    ],
    [
      "a result that is no tensor",
      () => vmap((_: Tensor) => 3)(x()),
      /returned number, not a tensor/,
    ],
    ["an async function", () => vmap(async (r: Tensor) => r)(x()), /the function is async/],
    [
      "backward inside",
      () => vmap((r: Tensor) => having(r, () => sum(r).backward()))(x()),
      /vmap: backward\(\) is called/,
    ],
    ["a chunk of none", () => vmap((r: Tensor) => r, { chunkSize: 0 })(x()), /chunkSize 0/],
    [
      "an assignment inside",
      () => vmap((r: Tensor) => having(r, () => new Variable(tensor([0, 0])).assign(r)))(x()),
      /vmap: variable "\w+" is assigned inside/,
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });

  it("a value that is read inside", async () => {
    let failed: unknown;
    vmap((r: Tensor) => {
      r.data().catch((error: unknown) => {
        failed = error;
      });
      return r;
    })(x());
    await new Promise((resolve) => setTimeout(resolve));
    expect(String(failed)).toMatch(/vmap: a tensor is read inside the function/);
  });
});

describe("on a GPU", () => {
  it("gives each example's gradient", async () => {
    const gpu = await init({ device: "webgpu" });
    const r = tensor(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { device: gpu },
    );
    const g = vmap(grad((p: Tensor) => sum(mul(square(p), p))))(r);
    expect(await list(g)).toEqual([
      [3, 12],
      [27, 48],
      [75, 108],
    ]);
    gpu.destroy();
  });
  afterAll(() => setDefaultDevice(device));
});
