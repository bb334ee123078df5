import { beforeAll, describe, expect, it } from "vitest";
import { backward } from "../../src/autodiff/backward.ts";
import { grad, stopGradient, valueAndGrad } from "../../src/autodiff/transforms.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import {
  add,
  exp,
  log,
  matmul,
  mul,
  neg,
  softmax,
  square,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
} from "../../src/ops/index.ts";
import { noGrad, recorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const values = async (x: Tensor): Promise<number[]> => [...(await x.data())];
const fourth = (x: Tensor): Tensor => square(square(x));
const unit = (i: number, n: number): Tensor =>
  tensor(Array.from({ length: n }, (_, j) => +(i === j)));

/** Row by row: d(grad f)_i / dx. */
async function hessianOf(f: (x: Tensor) => Tensor, x: Tensor): Promise<number[][]> {
  const rows: number[][] = [];
  for (let i = 0; i < x.size; i++) {
    const row = grad((y: Tensor) => sum(mul(grad(f)(y), unit(i, x.size))))(x);
    rows.push(await values(row));
  }
  return rows;
}

function expectNear(got: readonly number[], wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((g, i) => {
    expect(g).toBeCloseTo(wanted[i]!, 10);
  });
}

describe("grad", () => {
  it("gives derivatives up to the fourth of x⁴", async () => {
    const x = tensor(1.5);
    const first = grad(fourth);
    const third = grad(grad(first));
    expectNear(await values(first(x)), [4 * 1.5 ** 3]);
    expectNear(await values(third(x)), [24 * 1.5]);
    expectNear(await values(grad(third)(x)), [24]);
    expectNear(await values(grad(grad(third))(x)), [0]);
  });

  it("gives the Hessian of Rosenbrock's function", async () => {
    // f = (1 - a)² + 100·(b - a²)²: H = [[2 - 400·(b - 3a²), -400a], [-400a, 200]].
    const f = (x: Tensor): Tensor => {
      const a = sum(mul(x, unit(0, 2)));
      const b = sum(mul(x, unit(1, 2)));
      return add(square(sub(1, a)), mul(100, square(sub(b, square(a)))));
    };
    const [a, b] = [-1.2, 1];
    const [top, bottom] = await hessianOf(f, tensor([a, b]));
    expectNear(top!, [2 - 400 * (b - 3 * a * a), -400 * a]);
    expectNear(bottom!, [-400 * a, 200]);
  });

  it("goes through matmul twice: the Hessian of xᵀAx is A + Aᵀ", async () => {
    const a = tensor([
      [1, 2],
      [5, -3],
    ]);
    const f = (x: Tensor): Tensor => sum(mul(matmul(a, x), x));
    expect(await hessianOf(f, tensor([0.3, 0.7]))).toEqual([
      [2, 7],
      [7, -6],
    ]);
  });

  it("goes through softmax twice: the Hessian of log Σ eˣ is diag(p) - p pᵀ", async () => {
    const x = tensor([0.1, -0.4, 1.2]);
    const p = await values(softmax(x, 0));
    const rows = await hessianOf((y) => log(sum(exp(y))), x);
    rows.forEach((row, i) => {
      expectNear(
        row,
        p.map((q, j) => (i === j ? q : 0) - p[i]! * q),
      );
    });
    // Σ (softmax)²: its gradient is 2·p·(p - Σp²).
    const g = grad((y: Tensor) => sum(square(softmax(y, 0))))(x);
    const squares = p.reduce((s, q) => s + q * q, 0);
    expectNear(
      await values(g),
      p.map((q) => 2 * q * (q - squares)),
    );
    const second = await hessianOf((y) => sum(square(softmax(y, 0))), x);
    expectNear(
      second[0]!,
      second.map((row) => row[0]!),
    );
  });

  it("does not confuse the variables of nested derivatives", async () => {
    // d/dx [x · d/dy (x + y)] = 1, not 2 (Siskind and Pearlmutter 2005).
    const inner = (x: Tensor): Tensor => grad((y: Tensor) => add(x, y))(tensor(1));
    expect(await values(grad((x: Tensor) => mul(x, inner(x)))(tensor(1)))).toEqual([1]);
    // d/dx [x · d/dy (x·y²) at y = x] = d/dx 2x³ = 6x².
    const through = (x: Tensor): Tensor => mul(x, grad((y: Tensor) => mul(x, square(y)))(x));
    expect(await values(grad(through)(tensor(3)))).toEqual([54]);
  });

  it("differentiates a closure of the outer argument inside the inner one", async () => {
    // f(x) = d/dy tanh(x·y) at y = 2: f = x·(1 - t²), f' = (1 - t²)·(1 - 4·x·t), t = tanh 2x.
    const f = (x: Tensor): Tensor => grad((y: Tensor) => tanh(mul(x, y)))(tensor(2));
    const t = Math.tanh(1);
    expectNear(await values(grad(f)(tensor(0.5))), [(1 - t * t) * (1 - 2 * t)]);
  });

  it("does not flow through stopGradient and noGrad", async () => {
    const x = tensor(3);
    expect(await values(grad((y: Tensor) => mul(y, stopGradient(square(y))))(x))).toEqual([9]);
    expect(
      await values(
        grad((y: Tensor) =>
          mul(
            y,
            noGrad(() => square(y)),
          ),
        )(x),
      ),
    ).toEqual([9]);
    expect(await values(grad((y: Tensor) => stopGradient(square(y)))(x))).toEqual([0]);
    expect(await values(noGrad(() => grad((y: Tensor) => square(y))(x)))).toEqual([6]);
  });

  it("leaves gradients of parameters alone, and stays differentiable in them", async () => {
    const w = new Variable(tensor(5), { name: "w", requiresGrad: true });
    const g = grad((x: Tensor) => mul(w, square(x)))(tensor(3));
    expect(w.grad).toBeNull();
    backward(g);
    expect(await values(w.grad!)).toEqual([6]);
  });

  it("forgets its record: a long loop of steps keeps nothing", async () => {
    let x = tensor([1, 2]);
    for (let i = 0; i < 20; i++) {
      x = sub(x, mul(0.1, grad((y: Tensor) => sum(square(y)))(x)));
      await x.data();
    }
    expect(x.requiresGrad).toBe(false);
    expect(x.node.inputs).toEqual([]);
    expectNear(await values(x), [0.8 ** 20, 2 * 0.8 ** 20]);
  });

  it("says what it cannot take", () => {
    const x = tensor([1, 2]);
    expect(() => grad((y: Tensor) => y)(x)).toThrow(/grad: the output is not a scalar; got \[2\]/);
    expect(() => grad(() => 3 as unknown as Tensor)(x)).toThrow(/returned number, not a tensor/);
    const f = grad((p: { a: Tensor }) => p.a);
    expect(() => f({ a: 3 as unknown as Tensor })).toThrow(/argument at a is not a tensor/);
  });
});

describe("valueAndGrad", () => {
  it("gives gradients in the structure of the parameters", async () => {
    const parameters = { w: tensor([[1, 2]]), layers: [tensor([3]), tensor([4])] };
    const loss = (p: typeof parameters, x: Tensor): Tensor =>
      sum(mul(matmul(p.w, x), mul(p.layers[0]!, p.layers[0]!)));
    const x = transpose(tensor([[10, 20]]), 0, 1);
    const found = valueAndGrad(loss)(parameters, x);
    expect(await found.value.item()).toBe(450);
    expect(await values(found.grad.w)).toEqual([90, 180]);
    expect(await values(found.grad.layers[0]!)).toEqual([300]);
    expect(await values(found.grad.layers[1]!)).toEqual([0]);
    expect(found.grad.w.shape).toEqual([1, 2]);
  });

  it("treats a tensor that is given twice as two arguments", async () => {
    const x = tensor(3);
    const [a, b] = grad(([p, q]: readonly Tensor[]) => mul(p!, neg(q!)))([x, x]) as Tensor[];
    expect([await values(a!), await values(b!)]).toEqual([[-3], [-3]]);
    const alone = grad(([p]: readonly Tensor[]) => mul(p!, x))([x, x]) as Tensor[];
    expect(await values(alone[0]!)).toEqual([3]);
  });
});
