import { beforeEach, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/cpu/device.ts";
import { type Initializer, init } from "../../src/nn/index.ts";
import { manualSeed } from "../../src/ops/random/random.ts";
import { recorder } from "../../src/tensor/recorder.ts";
import golden from "../golden/init.json" with { type: "json" };

beforeEach(() => {
  recorder.device = new CpuDevice({ precision: "float64" });
});

async function drawn(
  initializer: Initializer,
  shape: readonly number[],
  seed = 1,
): Promise<number[]> {
  return [...(await initializer(shape, { seed }).data())];
}

const largest = (x: number[]) => Math.max(...x.map(Math.abs));
const deviation = (x: number[]) => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length);

const tanh = { gain: 5 / 3 };
const uniforms = {
  "xavier_uniform_bound(gain=5/3)": init.xavierUniform(tanh),
  "kaiming_uniform_bound(relu,fan_in)": init.kaimingUniform({ nonlinearity: "relu" }),
  "kaiming_uniform_bound(a=sqrt5)": init.layerDefault(),
};
const normals = {
  "xavier_normal_std(gain=5/3)": init.xavierNormal(tanh),
  "kaiming_normal_std(relu,fan_out)": init.kaimingNormal({ nonlinearity: "relu", mode: "fanOut" }),
  lecun_normal_std: init.kaimingNormal({ nonlinearity: "linear" }),
};

describe.each(golden.fans)("of shape $shape", (fan) => {
  it.each(Object.entries(uniforms))("%s is PyTorch's", async (name, initializer) => {
    const bound = fan[name as keyof typeof uniforms];
    const values = await drawn(initializer, fan.shape);
    expect(largest(values)).toBeLessThanOrEqual(bound);
    expect(largest(values)).toBeGreaterThan(bound * 0.95);
  });

  it.each(Object.entries(normals))("%s is PyTorch's", async (name, initializer) => {
    const values = await drawn(initializer, fan.shape);
    const expected = fan[name as keyof typeof normals];
    // Three standard errors of an estimated standard deviation.
    const error = 3 / Math.sqrt(2 * values.length);
    expect(Math.abs(deviation(values) / expected - 1)).toBeLessThan(error);
  });
});

it("the same seed gives the same float32 numbers in both precisions", async () => {
  for (const initializer of [init.uniform(-1, 1), init.normal()]) {
    const wide = await drawn(initializer, [100], 7);
    recorder.device = new CpuDevice({ precision: "float32" });
    expect(await drawn(initializer, [100], 7)).toEqual(wide);
    recorder.device = new CpuDevice({ precision: "float64" });
    expect(await drawn(initializer, [100], 8)).not.toEqual(wide);
  }
});

it("without a seed draws follow manualSeed and do not repeat", async () => {
  manualSeed(3);
  const first = [...(await init.normal()([10]).data())];
  const second = [...(await init.normal()([10]).data())];
  manualSeed(3);
  expect([...(await init.normal()([10]).data())]).toEqual(first);
  expect(second).not.toEqual(first);
});

it("constants, and weights without inputs", async () => {
  expect(await drawn(init.zeros(), [2])).toEqual([0, 0]);
  expect(await drawn(init.ones(), [2])).toEqual([1, 1]);
  expect(await drawn(init.constant(0.25), [2, 1])).toEqual([0.25, 0.25]);
  expect(await drawn(init.layerDefault(), [3, 0])).toEqual([]);
  expect(() => init.kaimingNormal({ mode: "fan" as "fanIn" })([2, 2])).toThrow('got "fan".');
});
