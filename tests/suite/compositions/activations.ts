import * as ops from "../../../src/ops/index.ts";
import { distinct } from "../../../src/ops/samples.ts";
import { type Composed, type U, unary } from "./composed.ts";

export const activations = (): Composed[] =>
  (
    [
      ["gelu", (x) => ops.gelu(x)],
      ["gelu by tanh", (x) => ops.gelu(x, { approximate: "tanh" })],
      ["silu", ops.silu],
      ["softplus of slope 2", (x) => ops.softplus(x, 2)],
      ["logSigmoid", ops.logSigmoid],
      ["mish", ops.mish],
      ["leakyRelu", (x) => ops.leakyRelu(x, 0.1)],
      ["elu", (x) => ops.elu(x, 0.7)],
      ["selu", ops.selu],
      ["hardtanh", (x) => ops.hardtanh(x)],
      ["hardswish", ops.hardswish],
      ["hardsigmoid", ops.hardsigmoid],
      ["relu6", ops.relu6],
      ["clamp", (x) => ops.clamp(x, -0.6, 0.7)],
    ] as [string, U][]
  ).map(([name, f]) => unary(name, f, [distinct([3, 7], 0.17)]));
