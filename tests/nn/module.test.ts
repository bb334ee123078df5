import { beforeAll, describe, expect, it } from "vitest";
import { ValueError } from "../../src/core/errors.ts";
import { CpuDevice } from "../../src/cpu/device.ts";
import { Module } from "../../src/nn/module.ts";
import { Parameter } from "../../src/nn/parameter.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { tensor } from "../../src/ops/creation/creation.ts";
import { type Capture, recorder, withRecorder } from "../../src/tensor/recorder.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { Variable } from "../../src/tensor/variable.ts";

beforeAll(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

const filled = (value: number, shape: number[] = [2]): Tensor =>
  tensor(new Array(shape.reduce((a, b) => a * b, 1)).fill(value), { shape });

class Scale extends Module {
  readonly factor: Parameter;
  readonly steps = new Variable(filled(0), { name: "steps" });
  readonly note = "not a member";
  constructor(value: number) {
    super();
    this.factor = new Parameter(filled(value), { name: "factor" });
  }
  forward(x: Tensor): Tensor {
    return x;
  }
  protected override stateName(property: string): string {
    return property === "steps" ? "num_steps" : property;
  }
  protected override optionalState(): readonly string[] {
    return ["num_batches_tracked"];
  }
}

class Model extends Module {
  readonly body = [new Scale(1), new Scale(2)];
  readonly own = new Parameter(filled(3));
  readonly tied = this.body[0]!.factor;
}

describe("names", () => {
  it("are paths, own variables first, shared ones once", () => {
    const model = new Model();
    expect(model.namedParameters().map(([name]) => name)).toEqual(["own", "tied", "body.1.factor"]);
    expect(model.parameters()).toHaveLength(3);
    expect(model.namedBuffers().map(([name]) => name)).toEqual([
      "body.0.num_steps",
      "body.1.num_steps",
    ]);
    expect(model.children().map(([name]) => name)).toEqual(["body.0", "body.1"]);
    expect(model.modules()).toEqual([model, ...model.body]);
  });

  it("of a Sequential are places", () => {
    const inner = new Sequential(new Scale(1));
    expect(new Sequential(inner, new Scale(2)).namedParameters().map(([name]) => name)).toEqual([
      "0.0.factor",
      "1.factor",
    ]);
  });

  it("end where a module holds itself", () => {
    class Loop extends Module {
      readonly weight = new Parameter(filled(1));
      readonly self = this;
    }
    const loop = new Loop();
    expect([...loop.stateDict().keys()]).toEqual(["weight"]);
    expect(loop.eval().modules()).toEqual([loop]);
  });
});

describe("state", () => {
  it("goes from one model to another, shared variables under each name", async () => {
    const [from, to] = [new Model(), new Model()];
    from.own.assign(filled(7));
    const state = from.stateDict();
    expect([...state.keys()]).toEqual([
      "own",
      "tied",
      "body.0.factor",
      "body.0.num_steps",
      "body.1.factor",
      "body.1.num_steps",
    ]);
    expect(to.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect([...(await to.own.data())]).toEqual([7, 7]);
  });

  it("is a snapshot: a later assignment does not change it", async () => {
    const model = new Scale(1);
    const state = model.stateDict();
    model.factor.assign(filled(9));
    expect([...(await state.get("factor")!.data())]).toEqual([1, 1]);
    expect([...(await model.factor.data())]).toEqual([9, 9]);
  });

  it("one of a shared variable's names is enough, and optional names need not match", () => {
    const model = new Model();
    const state = model.stateDict();
    state.delete("body.0.factor");
    state.set("body.0.num_batches_tracked", filled(1));
    expect(model.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
  });

  it("lists every misfit and loads nothing by half", async () => {
    const model = new Scale(1);
    const state = { factor: filled(5), extra: filled(1) };
    expect(() => model.loadStateDict(state)).toThrow(
      new ValueError(
        'loadStateDict: 2 entries do not fit; got "num_steps" [2] is missing; "extra" is not in ' +
          "the model. Build the model as it was when it was saved; { strict: false } skips names " +
          "that only one side has.",
      ),
    );
    const integers = tensor([1, 2, 3], { dtype: "int32" });
    expect(() =>
      model.loadStateDict({ factor: filled(5), num_steps: integers }, { strict: false }),
    ).toThrow(
      'loadStateDict: 2 entries do not fit; got "num_steps" is [3], the model has [2]; ' +
        '"num_steps" is int32, the model has float32.',
    );
    expect([...(await model.factor.data())]).toEqual([1, 1]);
    const result = model.loadStateDict(state, { strict: false });
    expect(result).toEqual({ missing: ["num_steps"], unexpected: ["extra"] });
    expect([...(await model.factor.data())]).toEqual([5, 5]);
  });
});

describe("a state dict that does not fit", () => {
  const load = (state: unknown, strict = true) =>
    new Sequential(new Scale(1)).loadStateDict(state as Record<string, Tensor>, { strict });
  const good = () => Object.fromEntries(new Sequential(new Scale(5)).stateDict());
  const renamed = (rename: (name: string) => string) =>
    Object.fromEntries(Object.entries(good()).map(([name, value]) => [rename(name), value]));

  it("names a prefix that is all that differs", () => {
    expect(() => load(renamed((name) => `module.${name}`))).toThrow(
      /"module\.0\.factor" is not in the model;.* the prefix "module\." only: remove it first/,
    );
    expect(() => load(renamed((name) => name.slice(2)))).toThrow(/prefix "0\." only: add it first/);
    expect(() => load(renamed((name) => `a.${name}x`))).toThrow(/that only one side has\.$/);
  });

  it("may hold anything, and is refused before anything is loaded", async () => {
    const model = new Scale(1);
    const state = { factor: filled(5), num_steps: 3, extra: null };
    expect(() => model.loadStateDict(state as never)).toThrow(
      /2 entries do not fit; got "num_steps" is no tensor but number; "extra" is not in the model/,
    );
    expect([...(await model.factor.data())]).toEqual([1, 1]);
    expect(() => load({ ...good(), ["__proto__"]: filled(1) })).toThrow(/"__proto__" is not in/);
    expect(() => load(Object.setPrototypeOf(good(), filled(1)))).toThrow(/a Map or a plain object/);
    for (const wrong of [null, undefined, [filled(1)], "state", model]) {
      expect(() => load(wrong)).toThrow(/a Map or a plain object/);
    }
  });
});

describe("training", () => {
  it("reaches everything inside, and guards what a compiled step recorded", () => {
    const model = new Model();
    expect(model.body[1]!.training).toBe(true);
    model.eval();
    expect(model.body.map((m) => m.training)).toEqual([false, false]);
    let read: (() => unknown) | null = null;
    const capture = {
      effect: () => {},
      guard: (r: () => unknown) => {
        read = r;
      },
      refuse: () => {
        throw new Error("refused");
      },
    };
    expect(withRecorder({ capture: capture as unknown as Capture }, () => model.training)).toBe(
      false,
    );
    model.train();
    expect(read!()).toBe(true);
  });

  it("zeroGrad sets every gradient to null", () => {
    const model = new Scale(1);
    model.factor.grad = filled(1);
    model.zeroGrad();
    expect(model.factor.grad).toBe(null);
  });
});
