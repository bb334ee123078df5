import {
  add,
  compile,
  exp,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  matmul,
  mul,
  relu,
  setDefaultDevice,
  sin,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  vjp,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { PlanningDevice } from "../suite/planningDevice.ts";

const device = new PlanningDevice();
beforeAll(() => setDefaultDevice(device));

const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];
const near = async (x: Tensor, wanted: readonly number[], digits = 10) => {
  const got = await values(x);
  expect(got.length).toBe(wanted.length);
  for (const [i, w] of wanted.entries()) expect(got[i]).toBeCloseTo(w, digits);
};

let matrix: Tensor | null = null;
/** The same tensor each time: what a compiled function closes over may not change. */
const a = () => {
  matrix ??= tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  return matrix;
};
/** f(x) = sin(A x): J = diag(cos(A x)) A. */
const f = (x: Tensor): Tensor => sin(matmul(a(), x));
const at = [0.3, -0.2];
const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
] as const;
const slope = rows.map(([p, q]) => Math.cos(p * at[0]! + q * at[1]!));
const jacobianOfF = rows.flatMap(([p, q], i) => [slope[i]! * p, slope[i]! * q]);

describe("vjp", () => {
  it("gives Jᵀu, as often as it is asked", async () => {
    const { value, pullback } = vjp(f, tensor(at));
    await near(
      value,
      rows.map(([p, q]) => Math.sin(p * at[0]! + q * at[1]!)),
    );
    for (const i of [0, 2]) {
      const unit = tensor([0, 1, 2].map((k) => +(k === i)));
      await near(pullback(unit), jacobianOfF.slice(2 * i, 2 * i + 2));
    }
  });

  it("takes several arguments and trees, and gives a gradient for each", async () => {
    const g = (x: { p: Tensor; q: Tensor }, y: Tensor) => [mul(x.p, y), add(x.q, y)] as const;
    const { pullback } = vjp(g, { p: tensor([2]), q: tensor([3]) }, tensor([5]));
    const [dx, dy] = pullback([tensor([1]), tensor([10])]);
    await near(dx.p, [5]);
    await near(dx.q, [10]);
    await near(dy, [12]);
  });

  it("keeps no record of what was before in a loop", () => {
    let x = tensor(at);
    for (let i = 0; i < 3; i++) {
      const { value, pullback } = vjp((z: Tensor) => square(z), x);
      x = add(x, mul(pullback(value), 0.01));
      expect(value.requiresGrad).toBe(false);
    }
  });

  it("refuses a cotangent of another shape, and a function of no tensor", () => {
    const { pullback } = vjp(f, tensor(at));
    expect(() => pullback(tensor([1, 2]))).toThrow(
      /vjp: the cotangents do not fit; got \[2\] for \[3\]/,
    );
    expect(() => vjp(() => tensor(1))).toThrow(/vjp: no argument is a float tensor/);
    expect(() => vjp((x: Tensor) => [x, 3], tensor(1))).toThrow(/returned number at \[1\]/);
  });
});

describe("jvp", () => {
  it("gives Jv, also of several arguments at once", async () => {
    const { value, tangent } = jvp(f, [tensor(at)], [tensor([1, -2])]);
    await near(
      value,
      rows.map(([p, q]) => Math.sin(p * at[0]! + q * at[1]!)),
    );
    await near(
      tangent,
      rows.map(([p, q], i) => slope[i]! * (p - 2 * q)),
    );
    const both = jvp(
      (x: Tensor, y: Tensor) => mul(x, y),
      [tensor(3), tensor(4)],
      [tensor(1), tensor(10)],
    );
    await near(both.tangent, [34]);
  });

  it("is zero where the function does not depend on its argument", async () => {
    const { tangent } = jvp(
      (x: Tensor) => mul(tensor([1, 2]), x.shape.length),
      [tensor([1, 1])],
      [tensor([1, 1])],
    );
    await near(tangent, [0, 0]);
  });

  it("nests, and is differentiated by grad", async () => {
    const along = (x: Tensor) => jvp((z: Tensor) => mul(z, square(z)), [x], [tensor(1)]).tangent;
    await near(along(tensor(2)), [12]);
    await near(grad(along)(tensor(2)), [12]);
    await near(jvp(along, [tensor(2)], [tensor(1)]).tangent, [12]);
  });

  it("refuses tangents that do not fit", () => {
    expect(() => jvp(f, [tensor(at)], [tensor([1])])).toThrow(
      /jvp: the tangents do not fit; got \[1\] for \[2\]/,
    );
  });
});

describe("jacobian and hessian", () => {
  it.each(["reverse", "forward"] as const)("is the matrix of slopes, in %s mode", async (mode) => {
    const j = jacobian(f, { mode })(tensor(at));
    expect(j.shape).toEqual([3, 2]);
    await near(j, jacobianOfF);
    const inChunks = jacobian(f, { mode, chunkSize: 2 })(tensor(at));
    await near(inChunks, jacobianOfF);
  });

  it.each(["reverse", "forward"] as const)(
    "has the structure of result and argument, in %s mode",
    async (mode) => {
      const g = ({ p, q }: { p: Tensor; q: Tensor }) => ({ s: mul(p, sum(q)), t: exp(q) });
      const j = jacobian(g, { mode })({ p: tensor([1, 2]), q: tensor([[0], [1]]) });
      expect(j.s.q.shape).toEqual([2, 2, 1]);
      await near(j.s.p, [1, 0, 0, 1]);
      await near(j.s.q, [1, 1, 2, 2]);
      await near(j.t.p, [0, 0, 0, 0]);
      await near(j.t.q, [1, 0, 0, Math.E]);
    },
  );

  it("hessian and hvp agree with the closed form", async () => {
    // f = (x₀² x₁ + e^x₁): H = [[2x₁, 2x₀], [2x₀, e^x₁]]
    const g = (x: Tensor) => add(mul(square(x.select(0, 0)), x.select(0, 1)), exp(x.select(0, 1)));
    const h = [2 * 0.5, 2 * 3, 2 * 3, Math.exp(0.5)];
    await near(hessian(g)(tensor([3, 0.5])), h);
    await near(hessian(g, { mode: "forward" })(tensor([3, 0.5])), h);
    await near(hvp(g, tensor([3, 0.5]), tensor([1, -1])), [h[0]! - h[1]!, h[2]! - h[3]!]);
  });

  it("hessian of a tree has a block for each pair", async () => {
    const g = ({ p, q }: { p: Tensor; q: Tensor }) => sum(mul(square(p), q));
    const h = hessian(g)({ p: tensor([2]), q: tensor([5]) });
    await near(h.p.p, [10]);
    await near(h.p.q, [4]);
    await near(h.q.p, [4]);
    await near(h.q.q, [0]);
  });

  it("takes one launch more for many rows, not many", async () => {
    const net = (x: Tensor) => tanh(matmul(a(), tanh(matmul(a().t(), x))));
    const launches = async (run: () => Tensor) => {
      device.launches = 0;
      await run().data();
      return device.launches;
    };
    const wide = (n: number) => tensor(Array.from({ length: n }, (_, i) => i / n));
    const of = (n: number) =>
      launches(() => jacobian((x: Tensor) => tanh(net(x.slice([0], [3]))))(wide(n)));
    expect(await of(4)).toBe(await of(40));
  });

  it("refuses an unknown mode", () => {
    expect(() => jacobian(f, { mode: "sideways" as "reverse" })).toThrow(/unknown mode sideways/);
  });
});

describe("linearize", () => {
  it("gives value and products, and computes the point only once", async () => {
    const point = tensor(at);
    const { value, jvp: product } = linearize(f, point);
    await near(
      value,
      rows.map(([p, q]) => Math.sin(p * at[0]! + q * at[1]!)),
    );
    const launches: number[] = [];
    for (const v of [
      [1, -2],
      [0, 1],
      [1, -2],
    ]) {
      device.launches = 0;
      const tangent = product(tensor(v));
      await near(
        tangent,
        rows.map(([p, q], i) => slope[i]! * (p * v[0]! + q * v[1]!)),
      );
      launches.push(device.launches);
    }
    // Products of one structure share a plan; the first also computed the cosines.
    expect(launches[0]).toBeGreaterThanOrEqual(launches[1]!);
    expect(launches[2]).toBe(0);
  });

  it("refuses a tangent of another shape", () => {
    const { jvp: product } = linearize(f, tensor(at));
    expect(() => product(tensor([1, 2, 3]))).toThrow(/linearize: the tangents do not fit/);
  });
});

describe("inside compile", () => {
  it("products, jacobians and hessians are replayed", async () => {
    const g = (x: Tensor) => sum(mul(square(x), relu(x)));
    const all = compile((x: Tensor, v: Tensor) => ({
      j: jacobian(f)(x),
      h: hessian(g)(x),
      hv: hvp(g, x, v),
      t: jvp(f, [x], [v]).tangent,
    }));
    for (const scale of [1, 2, 3, 4]) {
      const x = tensor([0.3 * scale, 0.2]);
      const v = tensor([1, scale]);
      const got = await all(x, v);
      const wanted = {
        j: jacobian(f)(x),
        h: hessian(g)(x),
        hv: hvp(g, x, v),
        t: jvp(f, [x], [v]).tangent,
      };
      for (const name of ["j", "h", "hv", "t"] as const) {
        await near(got[name], await values(wanted[name]));
      }
    }
  });
});
