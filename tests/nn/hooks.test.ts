import {
  compile,
  grad,
  gradients,
  mul,
  nn,
  noGrad,
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

const list = async (x: Tensor | null | undefined) => x?.toArray();
const leaf = (values: number[]) => tensor(values, { requiresGrad: true });

/** a·b + 1, so that gradients by hand are easy. */
class Product extends nn.Module {
  readonly scale = new nn.Parameter(tensor(2));
  forward(a: Tensor, b: Tensor = a): Tensor {
    return mul(mul(a, b), this.scale);
  }
}

describe("forward hooks", () => {
  it("see a call in order, and replace what goes in and comes out", async () => {
    const model = new Product();
    const calls: string[] = [];
    nn.registerForwardPreHook(model, (m, [a]) => {
      calls.push(m === model ? "before" : "?");
      return [a.add(1)];
    });
    nn.registerForwardPreHook(model, (_, [a]) => a.mul(10));
    nn.registerForwardHook(model, (_, [a], out) => {
      calls.push(a.shape.length === 1 ? "after" : "?");
      return out.neg();
    });
    // (1 + 1) · 10 = 20, 20 · 20 · 2 = 800.
    expect(await list(model.forward(tensor([1])))).toEqual([-800]);
    expect(calls).toEqual(["before", "after"]);
  });

  it("work inside containers and leave with their handle", async () => {
    const relu = new nn.ReLU();
    const model = new nn.Sequential(relu);
    const seen: Tensor[] = [];
    const first = nn.registerForwardHook(relu, (_, __, out) => void seen.push(out));
    const second = nn.registerForwardHook(relu, () => tensor([7]));
    expect(await list(model.forward(tensor([-1])))).toEqual([7]);
    expect(await list(seen[0])).toEqual([0]);
    expect(Object.keys(relu)).not.toContain("forward");
    second.remove();
    second.remove();
    expect(await list(model.forward(tensor([-1])))).toEqual([0]);
    first.remove();
    expect(Object.hasOwn(relu, "forward")).toBe(false);
    model.forward(tensor([1]));
    expect(seen.length).toBe(2);
  });

  it("give back a forward of the instance's own", () => {
    class Arrow extends nn.Module {
      readonly forward = (x: Tensor): Tensor => x;
    }
    const [model, before] = [new Arrow(), Object.getOwnPropertyDescriptor(new Arrow(), "forward")];
    const { forward } = model;
    nn.registerForwardHook(model, () => undefined).remove();
    expect(model.forward).toBe(forward);
    expect(Object.getOwnPropertyDescriptor(model, "forward")!.enumerable).toBe(before!.enumerable);
    expect(() => nn.registerForwardHook(new nn.ModuleList() as never, () => undefined)).toThrow(
      /registerForwardHook: there is no forward to hook/,
    );
  });
});

describe("backward hooks", () => {
  it("see the gradients of outputs and of this module's use of its inputs", async () => {
    const model = new Product();
    const [a, b] = [leaf([3]), leaf([5])];
    const seen: nn.GradientList[] = [];
    nn.registerFullBackwardHook(model, (_, gradInputs, gradOutputs) => {
      seen.push(gradInputs, gradOutputs);
    });
    // d(o²)/do = 2 · 30 = 60; the direct use of a, 4a, is not the module's.
    sum(square(model.forward(a, b)).add(mul(a, 4))).backward();
    expect(await Promise.all(seen[0]!.map(list))).toEqual([[600], [360]]);
    expect(await Promise.all(seen[1]!.map(list))).toEqual([[60]]);
    expect(await list(a.grad)).toEqual([604]);
    expect(seen.length).toBe(2);
  });

  it("replace the gradients of inputs, and leave those of parameters", async () => {
    const model = new Product();
    const a = leaf([3]);
    const handle = nn.registerFullBackwardHook(model, (_, [g]) => [g!.mul(10), null]);
    const loss = () => sum(model.forward(a, tensor([5])));
    loss().backward();
    expect([await list(a.grad), await list(model.scale.grad)]).toEqual([[100], 15]);
    handle.remove();
    expect(await list(gradients(loss(), a))).toEqual([10]);
    nn.registerFullBackwardHook(model, () => [tensor([1, 2]), null]);
    expect(() => loss().backward()).toThrow(
      /do not fit the inputs; got \[2\], null for \[1\], null/,
    );
  });

  it("run where no input has a gradient, and not at all without gradients", async () => {
    const model = new nn.Sequential(new nn.Linear(1, 1), new Product());
    const seen: unknown[] = [];
    nn.registerFullBackwardHook(model.at(0), (_, gradInputs, gradOutputs) => {
      seen.push(gradInputs[0], gradOutputs.length);
    });
    sum(model.forward(tensor([[1]]))).backward();
    noGrad(() => model.forward(tensor([[1]])));
    expect(seen).toEqual([null, 1]);
  });

  it("run for grad, under vmap and inside compile", async () => {
    const model = new Product();
    nn.registerFullBackwardHook(model, (_, [g]) => g!.mul(3));
    const f = (x: Tensor) => sum(model.forward(x));
    expect(await list(grad(f)(tensor([1, 2])))).toEqual([12, 24]);
    expect(await list(vmap(grad(f))(tensor([[1], [2]])))).toEqual([[12], [24]]);
    const layer = new nn.Sequential(new nn.Linear(1, 1, { bias: false }), model);
    const weight = layer.parameters()[0]!;
    weight.assign(tensor([[1]]));
    const sgd = new optim.SGD([weight], { lr: 0.01 });
    const step = compile((x: Tensor) => {
      sgd.zeroGrad();
      const loss = sum(layer.forward(x));
      loss.backward();
      sgd.step();
      return loss;
    });
    // d/dw of 2w² is 4w, three times that by the hook: w ← 0.88 w.
    for (let i = 0; i < 4; i++) await step(tensor([[1]]));
    expect((await weight.data())[0]).toBeCloseTo(0.88 ** 4, 6);
  });
});
