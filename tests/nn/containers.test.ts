import {
  IndexError,
  nn,
  ShapeError,
  setDefaultDevice,
  type Tensor,
  tensor,
  ValueError,
} from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

const keys = (m: nn.Module) => [...m.stateDict().keys()];
const list = (x: Tensor) => x.toArray();
const zeroed = (layer: nn.Linear) => {
  for (const p of layer.parameters()) p.assign(p.mul(0));
  return layer;
};

describe("Sequential", () => {
  it("takes layers by name, and keeps their order", async () => {
    const model = new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() });
    expect(keys(model)).toEqual(["fc.weight", "fc.bias"]);
    const x = tensor([[1, 2]]);
    const wanted = model.at(1).forward(model.at(0).forward(x));
    expect(await list(model.forward(x))).toEqual(await list(wanted));
  });

  it("grows, counts and is iterated", () => {
    const model = new nn.Sequential(new nn.Linear(2, 3)).append(new nn.ReLU());
    expect([model.length, [...model].length, model.at(-1)]).toEqual([2, 2, model.layers[1]]);
    expect(keys(model.append(new nn.Linear(3, 1)))).toEqual([
      "0.weight",
      "0.bias",
      "2.weight",
      "2.bias",
    ]);
    expect(new nn.Sequential().length).toBe(0);
  });

  it("refuses what is no layer, and places and names that cannot be", () => {
    expect(() => new nn.Sequential((() => 0) as never)).toThrow(ValueError);
    expect(() => new nn.Sequential(null as never)).toThrow(/"0" is not a module; got object/);
    expect(() => new nn.Sequential({ "a.b": new nn.ReLU() })).toThrow(/has a dot/);
    expect(() => new nn.Sequential({ 1: new nn.ReLU() }).append(new nn.ReLU())).toThrow(
      /"1" is taken/,
    );
    expect(() => new nn.Sequential().at(0)).toThrow(IndexError);
  });
});

describe("ModuleList and ModuleDict", () => {
  class Net extends nn.Module {
    readonly blocks = new nn.ModuleList([new nn.Linear(2, 2)]).append(new nn.Linear(2, 1));
    readonly branches = new nn.ModuleDict({ left: new nn.Linear(2, 1) });
  }

  it("name what they hold as PyTorch does", () => {
    expect(keys(new Net())).toEqual(
      ["blocks.0", "blocks.1", "branches.left"].flatMap((n) => [`${n}.weight`, `${n}.bias`]),
    );
    expect(new Net().modules().length).toBe(6);
  });

  it("are lists and maps", () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()];
    const modules = new nn.ModuleList<nn.Layer>([a, c]).insert(1, b);
    expect([...modules]).toEqual([a, b, c]);
    expect([modules.length, modules.at(-1), modules.at(1)]).toEqual([3, c, b]);
    expect(() => modules.at(3)).toThrow(IndexError);
    expect(() => modules.insert(4, a)).toThrow(/a place from 0 to 3/);
    const named = new nn.ModuleDict<nn.Layer>(new Map([["a", a]])).set("b", b);
    expect([...named.keys()]).toEqual(["a", "b"]);
    expect([named.size, named.get("b"), named.has("c")]).toEqual([2, b, false]);
    expect(() => named.get("c")).toThrow(/no module "c"; got a, b/);
    expect([named.delete("a"), named.delete("a"), [...named]]).toEqual([true, false, [["b", b]]]);
    expect(() => named.set("", a)).toThrow(ValueError);
  });
});

describe("Residual", () => {
  it("adds what goes through to what goes around", async () => {
    const x = tensor([[1, 2]]);
    const body = zeroed(new nn.Linear(2, 2));
    expect(await list(new nn.Residual(body).forward(x))).toEqual([[1, 2]]);
    const shortcut = new nn.Linear(2, 1);
    const model = new nn.Residual(zeroed(new nn.Linear(2, 1)), { shortcut });
    expect(await list(model.forward(x))).toEqual(await list(shortcut.forward(x)));
    expect(keys(model)).toEqual(["body.weight", "body.bias", "shortcut.weight", "shortcut.bias"]);
  });

  it("does not broadcast a body of another shape", () => {
    const model = new nn.Residual(new nn.Linear(2, 1));
    expect(() => model.forward(tensor([[1, 2]]))).toThrow(ShapeError);
  });
});

describe("toString", () => {
  it("draws a tree as PyTorch does", () => {
    class Net extends nn.Module {
      readonly body = new nn.Sequential(
        new nn.Linear(784, 128),
        new nn.Residual(new nn.Sequential({ act: new nn.ReLU() })),
      );
      readonly heads = [new nn.Linear(128, 10, { bias: false })];
      readonly self = this;
    }
    expect(String(new Net())).toBe(`Net(
  (body): Sequential(
    (0): Linear(784, 128)
    (1): Residual(
      (body): Sequential(
        (act): ReLU()
      )
    )
  )
  (heads.0): Linear(128, 10, { bias: false })
  (self): Net(…)
)`);
    expect(String(new nn.Sequential())).toBe("Sequential()");
  });
});
