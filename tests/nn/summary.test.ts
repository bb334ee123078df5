import { readFileSync } from "node:fs";
import { embedding, manualSeed, mul, nn, setDefaultDevice, type Tensor, tensor } from "tapegrad";
import { beforeAll, describe, expect, it } from "vitest";
import { ResNetSmall } from "../../examples/models/resnetSmall.ts";
import { isCountable } from "../../src/nn/flops.ts";
import { defaultGenerator } from "../../src/ops/random/generator.ts";
import { registry } from "../../src/tensor/op.ts";
import { PlanningDevice } from "../suite/planningDevice.ts";

const device = new PlanningDevice();
beforeAll(() => setDefaultDevice(device));

/** Layer by layer: name, parameters, FLOPs. */
const brief = ({ rows }: nn.Summary) => rows.map((r) => [r.name, r.parameters, r.flops]);

describe("summary", () => {
  it("counts layers, parameters, operations and bytes", () => {
    const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
    const made = nn.summary(model, [32, 784]);
    const first = 2 * 32 * 784 * 128 + 32 * 128;
    const last = 2 * 32 * 128 * 10 + 32 * 10;
    expect(brief(made)).toEqual([
      ["", 101770, first + last + 32 * 128],
      ["0", 100480, first],
      ["1", 0, 32 * 128],
      ["2", 1290, last],
    ]);
    expect(made.rows.map((r) => r.outputs)).toEqual([
      [[32, 10]],
      [[32, 128]],
      [[32, 128]],
      [[32, 10]],
    ]);
    nn.freeze(model.at(0));
    const frozen = nn.summary(model, [32, 784]);
    expect(frozen).toMatchObject({
      parameters: 101770,
      trainable: 1290,
      buffers: 0,
      flops: made.rows[0]!.flops,
      parameterBytes: 4 * 101770,
      activationBytes: 4 * 32 * (128 + 128 + 10),
    });
    expect(String(frozen)).toContain("Parameters: 101,770, 100,480 of them frozen");
  });

  it("counts two operations for each weight and place of a convolution", () => {
    const bare = { bias: false };
    const conv = nn.summary(new nn.Conv2d(4, 8, 3, { ...bare, groups: 2 }), [5, 4, 10, 10]);
    expect(conv.flops).toBe(2 * 5 * 8 * 8 * 8 * (2 * 3 * 3));
    const up = nn.summary(new nn.ConvTranspose2d(4, 8, 2, { ...bare, stride: 2 }), [1, 4, 5, 5]);
    expect(up.flops).toBe(2 * 4 * 5 * 5 * 8 * 2 * 2);
    expect(nn.summary(new nn.MaxPool2d(2), [1, 4, 8, 8]).flops).toBe(4 * 4 * 4 * 4);
  });

  it("counts a fused kernel as what it is composed of", () => {
    const made = nn.summary(new nn.LSTM(8, 16), [5, 2, 8]);
    const products = 2 * 5 * 2 * (8 + 16) * 64;
    expect(made.flops).toBeGreaterThan(products);
    expect(made.flops).toBeLessThan(2 * products);
    expect(made.rows[0]!.outputs).toEqual([
      [5, 2, 16],
      [1, 2, 16],
      [1, 2, 16],
    ]);
  });

  it("takes several inputs, whole numbers, and tensors", () => {
    class Pick extends nn.Module {
      readonly table = new nn.Parameter(tensor(new Float32Array(12), { shape: [4, 3] }));
      forward(index: Tensor, scale: Tensor): Tensor {
        return mul(embedding(index, this.table), scale);
      }
    }
    const made = nn.summary(new Pick(), [[5], [1, 3]], { dtype: ["int32", "float32"] });
    expect([made.flops, made.rows[0]!.outputs, made.parameters]).toEqual([15, [[5, 3]], 12]);
    expect(nn.summary(new nn.ReLU(), tensor([[1, 2]])).flops).toBe(2);
    expect(() => nn.summary(new nn.ReLU(), [[1]], { dtype: ["int32", "int32"] })).toThrow(
      /got 2 for 1/,
    );
  });

  it("counts a shared layer's parameters once", () => {
    const layer = new nn.Linear(3, 3);
    const made = nn.summary(new nn.Sequential(layer, new nn.ReLU(), layer), [2, 3]);
    expect(made.parameters).toBe(12);
    expect(made.rows.map((r) => [r.parameters, r.shared])).toEqual([
      [12, false],
      [12, false],
      [0, false],
      [0, true],
    ]);
    expect(made.rows[3]!.flops).toBe(made.rows[1]!.flops);
  });

  it("runs nothing, draws nothing, and leaves the model as it was", async () => {
    const norm = new nn.BatchNorm2d(2);
    const model = new nn.Sequential(new nn.Conv2d(1, 2, 3), norm, new nn.Dropout(0.5));
    norm.eval();
    manualSeed(3);
    const [draws, launches] = [defaultGenerator.draws, device.launches];
    const noise = new (class extends nn.Module {
      forward(x: Tensor): Tensor {
        this.training = true;
        return new nn.Dropout(0.5).forward(x);
      }
    })();
    nn.summary(model.append(noise), [4, 1, 8, 8]);
    expect([defaultGenerator.draws, device.launches]).toEqual([draws, launches]);
    expect(model.layers.map((m) => m.training)).toEqual([true, false, true, true]);
    expect(model.modules().some((m) => Object.hasOwn(m, "forward"))).toBe(false);
    expect([...(await norm.runningMean!.data())]).toEqual([0, 0]);
    const weight = model.parameters()[0]!;
    expect((await weight.data()).some((v) => v !== 0)).toBe(true);
  });

  it("passes on what the model throws, and restores it", () => {
    const model = new nn.Sequential(new nn.Linear(3, 3));
    expect(() => nn.summary(model, [2, 4])).toThrow(/Linear: the last axis/);
    expect([model.training, Object.hasOwn(model, "forward")]).toEqual([true, false]);
  });

  it("knows what every kernel costs", () => {
    expect(registry.filter((op) => !isCountable(op)).map((op) => op.name)).toEqual([]);
  });

  it("prints what README.md says", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const model = new ResNetSmall({ channels: 1, width: 16, classes: 10 });
    const table = String(nn.summary(model, [1, 1, 8, 8], { depth: 2 }));
    expect(readme).toContain(`\`\`\`text\n${table}\n\`\`\``);
  });
});
