import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter, unary } from "./adapter.ts";

type Binary = (a: tg.TensorLike, b: tg.TensorLike) => tg.Tensor;

const binary = (f: Binary) =>
  adapter("input other", (a) => f(a.operand("input"), a.operand("other")));

/** add and sub scale their second operand by `alpha`; tapegrad's do not. */
const scaled = (f: Binary) =>
  adapter("input other", (a) => {
    a.only("alpha", 1);
    return f(a.operand("input"), a.operand("other"));
  });

const quotient = adapter("input other", (a) => {
  a.only("rounding_mode", null);
  return tg.div(a.operand("input"), a.operand("other"));
});

/** torch.where(condition, x, y), and the method x.where(condition, y). */
const where = adapter("condition input other", (a) => {
  const [first, second] = [a.tensor("condition"), a.operand("input")];
  const method = first.dtype !== "bool" && second instanceof tg.Tensor;
  const [condition, x] = method ? [second, first] : [first, second];
  return tg.where(condition, x, a.operand("other"));
});

function clamp(a: Arguments): tg.Tensor {
  return tg.clamp(a.tensor("input"), a.maybeOperand("min"), a.maybeOperand("max"));
}

const round = adapter("input", (a) => {
  a.only("decimals", 0);
  return tg.round(a.tensor("input"));
});

const unaries = {
  abs: tg.abs,
  acos: tg.acos,
  acosh: tg.acosh,
  asin: tg.asin,
  asinh: tg.asinh,
  atan: tg.atan,
  atanh: tg.atanh,
  ceil: tg.ceil,
  cos: tg.cos,
  cosh: tg.cosh,
  erf: tg.erf,
  exp: tg.exp,
  exp2: tg.exp2,
  expm1: tg.expm1,
  floor: tg.floor,
  frac: tg.frac,
  isfinite: tg.isFinite,
  isinf: tg.isInf,
  isnan: tg.isNan,
  log: tg.log,
  log10: tg.log10,
  log1p: tg.log1p,
  log2: tg.log2,
  logical_not: tg.logicalNot,
  neg: tg.neg,
  reciprocal: tg.reciprocal,
  rsqrt: tg.rsqrt,
  sigmoid: tg.sigmoid,
  sign: tg.sign,
  sin: tg.sin,
  sinh: tg.sinh,
  sqrt: tg.sqrt,
  square: tg.square,
  tan: tg.tan,
  tanh: tg.tanh,
  trunc: tg.trunc,
} satisfies Record<string, (x: tg.Tensor) => tg.Tensor>;

const binaries = {
  atan2: tg.atan2,
  eq: tg.eq,
  fmod: tg.fmod,
  ge: tg.ge,
  gt: tg.gt,
  hypot: tg.hypot,
  le: tg.le,
  logical_and: tg.logicalAnd,
  logical_or: tg.logicalOr,
  lt: tg.lt,
  maximum: tg.maximum,
  minimum: tg.minimum,
  mul: tg.mul,
  ne: tg.ne,
  pow: tg.pow,
  remainder: tg.remainder,
} satisfies Record<string, Binary>;

const named = Object.fromEntries([
  ...Object.entries(unaries).map(([name, f]) => [name, unary(f)]),
  ...Object.entries(binaries).map(([name, f]) => [name, binary(f)]),
]) as Adapters;

const clampMin = adapter("input min", (a) => tg.clampMin(a.operand("input"), a.operand("min")));
const clampMax = adapter("input max", (a) => tg.clampMax(a.operand("input"), a.operand("max")));
const reversed = adapter("input other", (a) => {
  a.only("alpha", 1);
  return tg.sub(a.operand("other"), a.operand("input"));
});

export const elementwise: Adapters = {
  ...named,
  absolute: unary(tg.abs),
  add: scaled(tg.add),
  arccos: unary(tg.acos),
  arccosh: unary(tg.acosh),
  arcsin: unary(tg.asin),
  arcsinh: unary(tg.asinh),
  arctan: unary(tg.atan),
  arctan2: binary(tg.atan2),
  arctanh: unary(tg.atanh),
  clamp: adapter("input min max", clamp),
  clip: adapter("input min max", clamp),
  clamp_max: clampMax,
  clamp_min: clampMin,
  div: quotient,
  divide: quotient,
  fix: unary(tg.trunc),
  float_power: binary(tg.pow),
  greater: binary(tg.gt),
  greater_equal: binary(tg.ge),
  less: binary(tg.lt),
  less_equal: binary(tg.le),
  logaddexp: adapter("input other", (a) => tg.logAddExp(a.tensor("input"), a.tensor("other"))),
  masked_fill: adapter("input mask value", (a) =>
    tg.where(a.tensor("mask"), a.operand("value"), a.tensor("input")),
  ),
  multiply: binary(tg.mul),
  negative: unary(tg.neg),
  not_equal: binary(tg.ne),
  positive: adapter("input", (a) => a.tensor("input")),
  round,
  rsub: reversed,
  sgn: unary(tg.sign),
  sub: scaled(tg.sub),
  subtract: scaled(tg.sub),
  true_divide: quotient,
  where,
};
