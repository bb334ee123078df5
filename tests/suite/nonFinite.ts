import * as ops from "../../src/ops/index.ts";
import type { Device } from "../../src/tensor/device.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { difference } from "./compare.ts";
import { attempt, type SuiteResult } from "./suite.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const specials = [nan, inf, -inf, 0, -0, 1, -1.5, 2, 3e38, -3e38];

/** float32 does not know where 3e38 lies between multiples of π. */
const moderate = (x: Tensor): Tensor =>
  ops.where(ops.logicalAnd(ops.isFinite(x), ops.gt(ops.abs(x), 1e30)), 0, x);

/** What tapegrad gives for NaN, infinities and zeros: on every device the same as in float64. */
const unary: Record<string, (x: Tensor) => Tensor> = {
  abs: ops.abs,
  neg: ops.neg,
  sign: ops.sign,
  relu: ops.relu,
  exp: ops.exp,
  expm1: ops.expm1,
  log: ops.log,
  log1p: ops.log1p,
  sqrt: ops.sqrt,
  tanh: ops.tanh,
  sigmoid: ops.sigmoid,
  softplus: ops.softplus,
  erf: ops.erf,
  erfc: ops.erfc,
  erfinv: ops.erfinv,
  lgamma: ops.lgamma,
  digamma: ops.digamma,
  trigamma: (x) => ops.polygamma(1, x),
  sinc: ops.sinc,
  exp2: ops.exp2,
  logit: (x) => ops.logit(x),
  hardshrink: ops.hardshrink,
  softshrink: ops.softshrink,
  nanToNum: (x) => ops.nanToNum(x),
  signBit: ops.signBit,
  isPosInf: ops.isPosInf,
  isNegInf: ops.isNegInf,
  square: ops.square,
  isNan: ops.isNan,
  isInf: ops.isInf,
  isFinite: ops.isFinite,
  clamp: (x) => ops.clamp(x, -1, 1),
  leakyRelu: ops.leakyRelu,
  elu: ops.elu,
  sin: (x) => ops.sin(moderate(x)),
  cos: (x) => ops.cos(moderate(x)),
  asin: ops.asin,
  acos: ops.acos,
  atan: ops.atan,
  sinh: ops.sinh,
  cosh: ops.cosh,
  asinh: ops.asinh,
  acosh: ops.acosh,
  atanh: ops.atanh,
  floor: ops.floor,
  round: ops.round,
  toBool: (x) => ops.cast(x, "bool"),
  "1 / x": ops.reciprocal,
  "x · 0": (x) => ops.mul(x, 0),
  "x - x": (x) => ops.sub(x, x),
  sum: (x) => ops.sum(x),
  max: (x) => ops.max(x),
  min: (x) => ops.min(x),
  argmax: (x) => ops.argmax(x),
  argmin: (x) => ops.argmin(x),
  "sign of cat's zeros": (x) => ops.reciprocal(ops.cat([x, ops.neg(x)])),
  "sign of where's zeros": (x) => ops.reciprocal(ops.where(ops.ge(x, 0), x, 1)),
};

const binary: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  maximum: ops.maximum,
  minimum: ops.minimum,
  eq: ops.eq,
  ne: ops.ne,
  lt: ops.lt,
  le: ops.le,
  gt: ops.gt,
  ge: ops.ge,
  add: ops.add,
  mul: ops.mul,
  div: ops.div,
  pow: ops.pow,
  atan2: ops.atan2,
  hypot: ops.hypot,
  fmax: ops.fmax,
  fmin: ops.fmin,
  logAddExp: ops.logAddExp,
  xlogy: ops.xlogy,
  xlog1py: ops.xlog1py,
  copysign: (a, b) => ops.reciprocal(ops.copysign(a, b)),
  fmod: ops.fmod,
  remainder: ops.remainder,
  "div, rounded down": (a, b) => ops.div(a, b, { roundingMode: "floor" }),
  "div, rounded to 0": (a, b) => ops.div(a, b, { roundingMode: "trunc" }),
  where: (a, b) => ops.where(ops.gt(a, b), a, b),
};

/** [a, b] pairs whose quotient or power is a matter of rounding range, not of special values. */
const outside = (name: string, a: number, b: number): boolean => {
  const [top, bottom] = [Math.abs(a) > 1e38, Math.abs(b) > 1e38];
  // 3e38 is another number in float64, with another remainder.
  if (name === "fmod" || name === "remainder") return top && Number.isFinite(a);
  return top && bottom && (name.startsWith("div") || name === "pow" || name === "mul");
};

const rows: Record<string, (x: Tensor) => Tensor> = {
  softmax: (x) => ops.softmax(x, 1),
  logSoftmax: (x) => ops.logSoftmax(x, 1),
  logSumExp: (x) => ops.logSumExp(x, 1),
  "max of rows": (x) => ops.max(x, 1),
};
const rowValues = [1, -inf, 2, -inf, -inf, -inf, 0, nan, 1, inf, 0, 1, 3e38, -3e38, 0];

/** Runs the table on a device against the oracle. */
export async function runNonFinite(gpu: Device, oracle: Device): Promise<SuiteResult[]> {
  const results: SuiteResult[] = [];
  const compare = async (name: string, make: (device: Device) => Tensor) => {
    const check = async () =>
      difference(name, await make(gpu).data(), await make(oracle).data(), {
        relative: 1e-4,
        absolute: 1e-6,
      });
    results.push(await attempt(`non-finite ${name}`, check));
  };
  for (const [name, f] of Object.entries(unary)) {
    await compare(name, (device) => f(ops.tensor(specials, { device })));
  }
  const pairs = specials.flatMap((a) => specials.map((b) => [a, b] as const));
  for (const [name, f] of Object.entries(binary)) {
    const used = pairs.filter(([a, b]) => !outside(name, a, b));
    const column = (i: 0 | 1, device: Device) =>
      ops.tensor(
        used.map((p) => p[i]),
        { device },
      );
    await compare(name, (device) => f(column(0, device), column(1, device)));
  }
  for (const [name, f] of Object.entries(rows)) {
    await compare(name, (device) => f(ops.tensor(rowValues, { device, shape: [5, 3] })));
  }
  return results;
}
