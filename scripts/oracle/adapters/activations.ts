import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { isObject, type Json } from "../golden.ts";
import { type Adapters, activation, adapter, unary } from "./adapter.ts";

/** PyTorch's float dtypes here: what is asked for in float64 is computed in float32. */
function floatDType(a: Arguments): tg.DType | undefined {
  const asked = a.any("dtype") ?? null;
  if (asked === null) return undefined;
  const name = isObject(asked as Json) ? (asked as { dtype?: Json }).dtype : asked;
  if (name === "float64" || name === "float32") return "float32";
  if (name === "float16") return "float16";
  throw a.without(`dtype = ${String(name)}`);
}

/** The axis that PyTorch takes where none is given. */
const implicitAxis = (x: tg.Tensor): number =>
  x.rank === 0 || x.rank === 1 || x.rank === 3 ? 0 : 1;

/** An axis, and PyTorch's place for a stack level, which is no argument of the result. */
const along = (f: (x: tg.Tensor, axis: number, dtype?: tg.DType) => tg.Tensor) => {
  const call = (a: Arguments) => {
    a.any("_stacklevel");
    const x = a.tensor("input");
    return f(x, a.number("dim", implicitAxis(x)), floatDType(a));
  };
  return {
    functional: adapter("input dim _stacklevel dtype", call),
    method: adapter("input dim dtype", call),
  };
};
const [softmax, logSoftmax, softmin] = [tg.softmax, tg.logSoftmax, tg.softmin].map(along) as [
  ReturnType<typeof along>,
  ReturnType<typeof along>,
  ReturnType<typeof along>,
];

function gelu(a: Arguments): tg.Tensor {
  const approximate = a.text("approximate", "none") as "none" | "tanh";
  return tg.gelu(a.tensor("input"), { approximate });
}

/** One option with PyTorch's default, then perhaps `inplace`. */
const withOption = (
  name: string,
  standard: number,
  f: (x: tg.Tensor, option: number) => tg.Tensor,
) =>
  adapter(`input ${name} inplace`, (a) => {
    a.only("inplace", false);
    return f(a.tensor("input"), a.number(name, standard));
  });

const rrelu = adapter("input lower upper training inplace", (a) => {
  a.only("inplace", false);
  const [lower, upper] = [a.number("lower", 1 / 8), a.number("upper", 1 / 3)];
  return tg.rrelu(a.tensor("input"), { lower, upper, training: a.flag("training") });
});

export const activations: Adapters = {
  celu: withOption("alpha", 1, tg.celu),
  elu: withOption("alpha", 1, tg.elu),
  gelu: adapter("input", gelu),
  glu: adapter("input dim", (a) => tg.glu(a.tensor("input"), a.number("dim", -1))),
  hardshrink: adapter("input lambd", (a) =>
    tg.hardshrink(a.tensor("input"), a.number("lambd", 0.5)),
  ),
  hardsigmoid: activation(tg.hardsigmoid),
  hardswish: activation(tg.hardswish),
  hardtanh: adapter("input min_val max_val inplace", (a) => {
    a.only("inplace", false);
    return tg.hardtanh(a.tensor("input"), a.number("min_val", -1), a.number("max_val", 1));
  }),
  leaky_relu: withOption("negative_slope", 0.01, tg.leakyRelu),
  log_softmax: logSoftmax.method,
  "nn.functional.log_softmax": logSoftmax.functional,
  "special.log_softmax": logSoftmax.method,
  logsigmoid: unary(tg.logSigmoid),
  mish: activation(tg.mish),
  prelu: adapter("input weight", (a) => tg.prelu(a.tensor("input"), a.tensor("weight"))),
  relu: activation(tg.relu),
  relu6: activation(tg.relu6),
  rrelu,
  selu: activation(tg.selu),
  silu: activation(tg.silu),
  softmax: softmax.method,
  "nn.functional.softmax": softmax.functional,
  "special.softmax": softmax.method,
  softmin: softmin.functional,
  softplus: adapter("input beta threshold", (a) =>
    tg.softplus(a.tensor("input"), a.number("beta", 1), a.number("threshold", 20)),
  ),
  softshrink: adapter("input lambd", (a) =>
    tg.softshrink(a.tensor("input"), a.number("lambd", 0.5)),
  ),
  softsign: unary(tg.softsign),
  tanhshrink: unary(tg.tanhshrink),
  threshold: adapter("input threshold value inplace", (a) => {
    a.only("inplace", false);
    return tg.threshold(a.tensor("input"), a.number("threshold"), a.number("value"));
  }),
};
