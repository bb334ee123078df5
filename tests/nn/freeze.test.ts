import { compile, crossEntropy, nn, optim, setDefaultDevice, type Tensor, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";

beforeAll(() => setDefaultDevice(new CpuDevice({ precision: "float64" })));

const x = () => tensor([1, 2, 3, 4], { shape: [2, 2] });
const y = () => tensor([0, 1], { dtype: "int32" });
const net = () => new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 2));
const values = async (m: nn.Module) =>
  Promise.all(m.parameters().map(async (p) => String(await p.data())));

/** A step, and which parameters it changed. */
function stepper(model: nn.Layer, compiled: boolean) {
  const opt = new optim.AdamW(model.parameters(), { lr: 0.1, weightDecay: 0.1 });
  const plain = async (rows: Tensor, labels: Tensor) => {
    opt.zeroGrad();
    crossEntropy(model.forward(rows), labels).backward();
    await opt.step();
  };
  const fast = compile((rows: Tensor, labels: Tensor) => {
    opt.zeroGrad();
    crossEntropy(model.forward(rows), labels).backward();
    opt.step();
  });
  return async () => {
    const before = await values(model);
    await (compiled ? fast(x(), y()) : plain(x(), y()));
    const after = await values(model);
    return after.map((v, i) => v !== before[i]);
  };
}

describe("freeze", () => {
  it.each([false, true])("keeps parameters where they are (compiled: %s)", async (compiled) => {
    const model = net();
    const step = stepper(model, compiled);
    const all = [true, true, true, true];
    for (let i = 0; i < 3; i++) expect(await step()).toEqual(all);
    expect(nn.freeze(model.at(0))).toBe(2);
    for (let i = 0; i < 3; i++) expect(await step()).toEqual([false, false, true, true]);
    expect(nn.unfreeze(model)).toBe(4);
    for (let i = 0; i < 3; i++) expect(await step()).toEqual(all);
  });

  it("chooses by name, and forgets gradients", () => {
    const model = net();
    crossEntropy(model.forward(x()), y()).backward();
    expect(nn.freeze(model, { where: (name) => name.endsWith("bias") })).toBe(2);
    const state = model.namedParameters().map(([, p]) => [p.requiresGrad, p.grad !== null]);
    expect(state).toEqual([
      [true, true],
      [false, false],
      [true, true],
      [false, false],
    ]);
    expect(() => nn.freeze(model.parameters() as never)).toThrow(/freeze: this is not a module/);
  });

  it("inside a compiled step does not record anew at each call", async () => {
    const model = net();
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1 });
    let recorded = 0;
    const step = compile((rows: Tensor, labels: Tensor) => {
      recorded++;
      nn.freeze(model.at(0));
      crossEntropy(model.forward(rows), labels).backward();
      sgd.step();
      sgd.zeroGrad();
      nn.unfreeze(model.at(0));
    });
    for (let i = 0; i < 4; i++) await step(x(), y());
    expect(recorded).toBe(2);
  });
});
