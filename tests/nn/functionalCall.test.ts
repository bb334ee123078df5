import {
  crossEntropy,
  grad,
  hvp,
  nn,
  setDefaultDevice,
  sum,
  type Tensor,
  tensor,
  vmap,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { PlanningDevice } from "../suite/planningDevice.ts";

const device = new PlanningDevice();
beforeAll(() => setDefaultDevice(device));

const net = () => new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
const rows = (n: number) =>
  tensor(
    Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(i)),
    { shape: [n, 3] },
  );
const labels = (n: number) => tensor(Int32Array.from({ length: n }, (_, i) => i % 2));

describe("functionalCall", () => {
  it("runs a model with other values, and leaves its own", async () => {
    const model = net();
    const own = await model.forward(rows(2)).data();
    const zeros = { "2.weight": tensor(new Float32Array(8), { shape: [2, 4] }) };
    const bias = await model.parameters()[3]!.data();
    expect([...(await nn.functionalCall(model, zeros, rows(2)).data())]).toEqual([
      ...bias,
      ...bias,
    ]);
    expect(await model.forward(rows(2)).data()).toEqual(own);
  });

  it("gives per-example gradients of a whole model, in as many launches for any batch", async () => {
    const model = net();
    const loss = (p: nn.Values, x: Tensor, y: Tensor) =>
      crossEntropy(nn.functionalCall(model, p, x.reshape([1, 3])), y.reshape([1]));
    const each = vmap(grad(loss), { inAxes: [null, 0, 0] });
    const launches = async (n: number) => {
      const found = each(nn.parametersOf(model), rows(n), labels(n));
      device.launches = 0;
      await sum(found["0.weight"]!).data();
      return { count: device.launches, found };
    };
    // The first plan also stores the initial parameters.
    await model.forward(rows(1)).data();
    const [few, many] = [await launches(4), await launches(64)];
    expect(many.count).toBe(few.count);
    for (const i of [0, 3]) {
      model.zeroGrad();
      crossEntropy(model.forward(rows(4).narrow(0, i, 1)), labels(4).narrow(0, i, 1)).backward();
      for (const [name, p] of model.namedParameters()) {
        const got = await few.found[name]!.select(0, i).data();
        const wanted = await p.grad!.data();
        for (const [k, v] of wanted.entries()) expect(got[k]).toBeCloseTo(v, 12);
      }
    }
  });

  it("gives curvature along a direction in parameter space", async () => {
    const model = net();
    const p = nn.parametersOf(model);
    const f = (q: nn.Values) => crossEntropy(nn.functionalCall(model, q, rows(5)), labels(5));
    const v = Object.fromEntries(Object.entries(p).map(([k, t]) => [k, t.mul(0).add(1)]));
    const product = hvp(f, p, v);
    const slope = (shift: number) =>
      grad(f)(Object.fromEntries(Object.entries(p).map(([k, t]) => [k, t.add(shift)])));
    const [up, down] = [slope(1e-4), slope(-1e-4)];
    for (const name of Object.keys(p)) {
      const wanted = await up[name]!.sub(down[name]!).mul(5e3).data();
      const got = await product[name]!.data();
      for (const [k, w] of wanted.entries()) expect(got[k]).toBeCloseTo(w, 6);
    }
  });

  it("names what the model does not have, and what does not fit", () => {
    const one = tensor([1]);
    expect(() => nn.functionalCall(net(), { weight: one }, rows(1))).toThrow(
      /no parameter or buffer "weight"; it has 0.weight, 0.bias, 2.weight, 2.bias/,
    );
    expect(() => nn.functionalCall(net(), { "0.bias": one }, rows(1))).toThrow(
      /\[1\], the variable is \[4\]/,
    );
  });
});
