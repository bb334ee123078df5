import { expect, it } from "vitest";
import { fans, gain } from "../../src/nn/fans.ts";
import golden from "../golden/init.json" with { type: "json" };

it("gains are PyTorch's", () => {
  const own = {
    linear: gain("linear"),
    conv1d: gain("conv1d"),
    conv2d: gain("conv2d"),
    conv3d: gain("conv3d"),
    sigmoid: gain("sigmoid"),
    tanh: gain("tanh"),
    relu: gain("relu"),
    selu: gain("selu"),
    "leaky_relu(0.01)": gain("leakyRelu", 0.01),
    "leaky_relu(sqrt5)": gain("leakyRelu", Math.sqrt(5)),
  };
  for (const [name, value] of Object.entries(own)) {
    expect(value, name).toBeCloseTo(golden.gain[name as keyof typeof own], 14);
  }
});

it("fans are PyTorch's", () => {
  for (const { shape, fan_in, fan_out } of golden.fans) {
    expect(fans(shape)).toEqual({ fanIn: fan_in, fanOut: fan_out });
  }
});

it("refuses what it cannot answer", () => {
  expect(() => fans([3])).toThrow("fans: a weight has at least the axes [out, in]; got [3].");
  expect(() => gain("gelu" as "relu")).toThrow('gain: unknown nonlinearity; got "gelu".');
});
