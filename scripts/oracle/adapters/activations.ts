import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, activation, adapter, unary } from "./adapter.ts";

/** An axis and PyTorch's deprecated place for a stack level, which is no argument of the result. */
const along = (f: (x: tg.Tensor, axis: number) => tg.Tensor) =>
  adapter("input dim _stacklevel", (a) => {
    if (!a.has("dim")) throw a.without("no dim");
    return f(a.tensor("input"), a.number("dim"));
  });

function gelu(a: Arguments): tg.Tensor {
  const approximate = a.text("approximate", "none") as "none" | "tanh";
  return tg.gelu(a.tensor("input"), { approximate });
}

/** One option with PyTorch's default, then `inplace`. */
const withOption = (
  name: string,
  standard: number,
  f: (x: tg.Tensor, option: number) => tg.Tensor,
) =>
  adapter(`input ${name} inplace`, (a) => {
    a.only("inplace", false);
    return f(a.tensor("input"), a.number(name, standard));
  });

export const activations: Adapters = {
  elu: withOption("alpha", 1, tg.elu),
  gelu: adapter("input", gelu),
  hardsigmoid: activation(tg.hardsigmoid),
  hardswish: activation(tg.hardswish),
  hardtanh: adapter("input min_val max_val inplace", (a) => {
    a.only("inplace", false);
    return tg.hardtanh(a.tensor("input"), a.number("min_val", -1), a.number("max_val", 1));
  }),
  leaky_relu: withOption("negative_slope", 0.01, tg.leakyRelu),
  log_softmax: along(tg.logSoftmax),
  logsigmoid: unary(tg.logSigmoid),
  mish: activation(tg.mish),
  relu: activation(tg.relu),
  relu6: activation(tg.relu6),
  selu: activation(tg.selu),
  silu: activation(tg.silu),
  softmax: along(tg.softmax),
  softplus: adapter("input beta threshold", (a) => {
    // PyTorch is linear above the threshold: at its default the same to float32.
    a.only("threshold", 20);
    return tg.softplus(a.tensor("input"), a.number("beta", 1));
  }),
};
