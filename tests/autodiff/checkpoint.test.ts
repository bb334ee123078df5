import {
  checkpoint,
  compile,
  customGrad,
  dropout,
  floor,
  grad,
  gradients,
  hessian,
  manualSeed,
  matmul,
  mul,
  nn,
  optim,
  randn,
  relu,
  setDefaultDevice,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  vmap,
} from "tapegrad";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PlanningDevice } from "../suite/planningDevice.ts";

const device = new PlanningDevice();
beforeAll(() => setDefaultDevice(device));
beforeEach(() => {
  manualSeed(5);
  device.arenaBytes = 0;
});

const w = tensorOnce([
  [0.3, -0.5],
  [0.2, 0.7],
]);
const x = tensorOnce([
  [1, 2],
  [3, -1],
  [0.5, 0.1],
]);

function tensorOnce(values: number[][]): () => Tensor {
  let made: Tensor | null = null;
  return () => {
    made ??= tensor(values);
    return made;
  };
}

const list = async (t: Tensor): Promise<unknown> => t.toArray();
const block = (h: Tensor): Tensor => tanh(matmul(relu(matmul(h, w())), w()));
const loss = (f: (h: Tensor) => Tensor) => (h: Tensor) => sum(square(f(f(h))));

describe("checkpoint", () => {
  it("changes neither values nor gradients, to the bit", async () => {
    const plain = await list(grad(loss(block))(x()));
    expect(await list(grad(loss(checkpoint(block)))(x()))).toEqual(plain);
    const nested = checkpoint((h: Tensor) => checkpoint(block)(checkpoint(block)(h)));
    const twice = (h: Tensor) => sum(square(nested(h)));
    expect(await list(grad(twice)(x()))).toEqual(plain);
  });

  it("is differentiated twice, mapped, and replayed", async () => {
    const [plain, apart] = [loss(block), loss(checkpoint(block))];
    expect(await list(hessian(apart)(x()))).toEqual(await list(hessian(plain)(x())));
    const row = (f: (r: Tensor) => Tensor) => grad((r: Tensor) => f(r.reshape([1, 2])));
    expect(await list(vmap(row(apart))(x()))).toEqual(await list(vmap(row(plain))(x())));
    const outer = (f: (h: Tensor) => Tensor) =>
      grad((h: Tensor) => sum(vmap((r: Tensor) => f(r.reshape([1, 2])))(h)));
    expect(await list(outer(apart)(x()))).toEqual(await list(outer(plain)(x())));
    const compiled = compile((h: Tensor) => grad(apart)(h));
    for (let k = 1; k < 5; k++) {
      expect(await list(await compiled(mul(x(), k)))).toEqual(await list(grad(plain)(mul(x(), k))));
    }
  });

  it("gives gradients to what the function closes over", async () => {
    const layer = new nn.Linear(2, 2);
    const f = (h: Tensor) => tanh(layer.forward(h));
    const wanted = gradients(sum(square(f(x()))), [layer.weight, layer.bias!]);
    const got = gradients(sum(square(checkpoint(f)(x()))), [layer.weight, layer.bias!]);
    expect(await list(got[0]!)).toEqual(await list(wanted[0]!));
    expect(await list(got[1]!)).toEqual(await list(wanted[1]!));
    sum(square(checkpoint(f)(x()))).backward();
    expect(await list(layer.weight.grad!)).toEqual(await list(wanted[0]!));
  });

  it("repeats the draws of dropout instead of drawing anew", async () => {
    const f = (h: Tensor) => square(dropout(square(h), 0.5));
    const slope = await list(grad((h: Tensor) => sum(f(h)))(x()));
    manualSeed(5);
    expect(await list(grad((h: Tensor) => sum(checkpoint(f)(h)))(x()))).toEqual(slope);
  });

  it("takes several outputs, and outputs that are arguments", async () => {
    const f = (h: Tensor) => ({ a: square(h), b: [tanh(h), h] as const });
    const total = (g: typeof f) => (h: Tensor) => {
      const { a, b } = g(h);
      return sum(mul(a, mul(b[0], b[1])));
    };
    // The shares of the outputs are added in another order.
    const [got, wanted] = [grad(total(checkpoint(f)))(x()), grad(total(f))(x())];
    const apart = sub(got, wanted).abs().max();
    expect(await apart.item()).toBeLessThan(1e-13);
  });

  it("of a deep net keeps at most 40 % of the activations", async () => {
    const bytes = async (apart: boolean) => {
      manualSeed(5);
      const layers = Array.from({ length: 24 }, () => new nn.Linear(32, 32));
      const sgd = new optim.SGD(
        layers.flatMap((l) => l.parameters()),
        { lr: 0.1 },
      );
      const data = [randn([256, 32]), randn([256, 32])] as const;
      for (const t of data) await t.data();
      device.arenaBytes = 0;
      let h: Tensor = data[0];
      for (let i = 0; i < 24; i += 4) {
        const part = (z: Tensor) => layers.slice(i, i + 4).reduce((a, l) => relu(l.forward(a)), z);
        h = apart ? checkpoint(part)(h) : part(h);
      }
      sum(square(sub(h, data[1]))).backward();
      await sgd.step();
      const grads = await Promise.all(layers.map((l) => l.weight.grad!.data()));
      return { bytes: device.arenaBytes, grads };
    };
    const plain = await bytes(false);
    const apart = await bytes(true);
    expect(apart.grads).toEqual(plain.grads);
    expect(apart.bytes / plain.bytes).toBeLessThanOrEqual(0.4);
  });

  it("refuses an async function", () => {
    const run = () => checkpoint(async (h: Tensor) => h)(x());
    expect(run).toThrow(/checkpoint: the function is async/);
  });
});

describe("customGrad", () => {
  const through = customGrad((h) => ({ value: floor(h!), vjp: (g) => g }));

  it("uses the rule that it is given, also for arguments that it ignores", async () => {
    expect(await list(grad((h: Tensor) => sum(mul(through(h), h)))(tensor([1.5, 2.5])))).toEqual([
      2.5, 4.5,
    ]);
    const both = customGrad((a, b) => ({ value: square(a!), vjp: (g) => [null, mul(g, b!)] }));
    const slopes = grad(([a, b]: Tensor[]) => sum(both(a!, b!)))([tensor([2]), tensor([7])]);
    expect(await list(slopes[0]!)).toEqual([0]);
    expect(await list(slopes[1]!)).toEqual([7]);
  });

  it("is differentiated again through its rule", async () => {
    const cube = customGrad((h) => {
      const s = square(h!);
      return { value: mul(s, h!), vjp: (g) => mul(g, mul(s, 3)) };
    });
    const f = (h: Tensor) => sum(cube(h));
    expect(await list(grad(f)(tensor([2])))).toEqual([12]);
    expect(await list(hessian(f)(tensor([2])))).toEqual([[12]]);
    expect(await list(grad((h: Tensor) => sum(vmap(f)(h)))(tensor([[2], [3]])))).toEqual([
      [12],
      [27],
    ]);
  });

  it("under vmap sums the gradient of an argument that all examples share", async () => {
    const scale = customGrad((a, b) => ({
      value: mul(a!, b!),
      vjp: (g) => [mul(g, b!), mul(g, mul(a!, 10))],
    }));
    const f = (b: Tensor) => sum(vmap((a: Tensor) => scale(a, b))(tensor([1, 2, 3])));
    expect(await list(grad(f)(tensor(1)))).toBe(60);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "nothing returned",
      () => customGrad(() => ({}) as never)(x()),
      /must return \{ value, vjp \}/,
    ],
    [
      "too many gradients",
      () =>
        grad((h: Tensor) => sum(customGrad((a) => ({ value: a!, vjp: (g) => [g, g] }))(h)))(x()),
      /gave 2 gradients for 1 arguments/,
    ],
    [
      "a gradient of another shape",
      () =>
        grad((h: Tensor) => sum(customGrad((a) => ({ value: a!, vjp: (g) => sum(g) }))(h)))(x()),
      /the gradient of argument 0 is \[\], the argument is \[3, 2\]/,
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
