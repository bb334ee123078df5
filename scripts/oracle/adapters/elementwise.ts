import * as tg from "../../../src/index.ts";
import type { Arguments } from "../arguments.ts";
import { type Adapters, adapter, unary } from "./adapter.ts";

type Binary = (a: tg.TensorLike, b: tg.TensorLike) => tg.Tensor;

export const binary = (f: Binary) =>
  adapter("input other", (a) => f(a.operand("input"), a.operand("other")));

const scaled = (f: (a: tg.TensorLike, b: tg.TensorLike, options: tg.AlphaOptions) => tg.Tensor) =>
  adapter("input other", (a) =>
    f(a.operand("input"), a.operand("other"), { alpha: a.number("alpha", 1) }),
  );

const quotient = adapter("input other", (a) => {
  const roundingMode = a.any("rounding_mode") as "trunc" | "floor" | null;
  return tg.div(a.operand("input"), a.operand("other"), { roundingMode: roundingMode ?? null });
});

/** x, two tensors, and `value` by its name. */
const accumulated = (
  f: (x: tg.Tensor, a: tg.Tensor, b: tg.Tensor, options: tg.ValueOptions) => tg.Tensor,
) =>
  adapter("input tensor1 tensor2", (a) =>
    f(a.tensor("input"), a.tensor("tensor1"), a.tensor("tensor2"), { value: a.number("value", 1) }),
  );

const lerp = adapter("input end weight", (a) =>
  tg.lerp(a.tensor("input"), a.tensor("end"), a.operand("weight")),
);

const closeness = (f: typeof tg.isClose) =>
  adapter("input other rtol atol equal_nan", (a) => {
    const [rtol, atol] = [a.number("rtol", 1e-5), a.number("atol", 1e-8)];
    return f(a.tensor("input"), a.tensor("other"), { rtol, atol, equalNan: a.flag("equal_nan") });
  });

const nanToNum = adapter("input nan posinf neginf", (a) => {
  const given = (name: string) => (a.has(name) ? a.number(name) : null);
  const [nan, posinf, neginf] = ["nan", "posinf", "neginf"].map(given);
  return tg.nanToNum(a.tensor("input"), { nan, posinf, neginf });
});

export const logit = adapter("input eps", (a) =>
  tg.logit(a.tensor("input"), a.has("eps") ? a.number("eps") : null),
);

function clamp(a: Arguments): tg.Tensor {
  return tg.clamp(a.tensor("input"), a.maybeOperand("min"), a.maybeOperand("max"));
}

export const round = adapter("input", (a) =>
  tg.round(a.operand("input"), { decimals: a.number("decimals", 0) }),
);

const unaries = {
  abs: tg.abs,
  acos: tg.acos,
  acosh: tg.acosh,
  asin: tg.asin,
  asinh: tg.asinh,
  atan: tg.atan,
  atanh: tg.atanh,
  bitwise_not: tg.bitwiseNot,
  ceil: tg.ceil,
  cos: tg.cos,
  cosh: tg.cosh,
  deg2rad: tg.deg2rad,
  digamma: tg.digamma,
  erf: tg.erf,
  erfc: tg.erfc,
  erfinv: tg.erfinv,
  exp: tg.exp,
  exp2: tg.exp2,
  expm1: tg.expm1,
  floor: tg.floor,
  frac: tg.frac,
  isfinite: tg.isFinite,
  isinf: tg.isInf,
  isnan: tg.isNan,
  isneginf: tg.isNegInf,
  isposinf: tg.isPosInf,
  isreal: tg.isReal,
  lgamma: tg.lgamma,
  log: tg.log,
  log10: tg.log10,
  log1p: tg.log1p,
  log2: tg.log2,
  logical_not: tg.logicalNot,
  neg: tg.neg,
  positive: tg.positive,
  rad2deg: tg.rad2deg,
  reciprocal: tg.reciprocal,
  rsqrt: tg.rsqrt,
  sigmoid: tg.sigmoid,
  sgn: tg.sgn,
  sign: tg.sign,
  signbit: tg.signBit,
  sin: tg.sin,
  sinc: tg.sinc,
  sinh: tg.sinh,
  sqrt: tg.sqrt,
  square: tg.square,
  tan: tg.tan,
  tanh: tg.tanh,
  trunc: tg.trunc,
} satisfies Record<string, (x: tg.Tensor) => tg.Tensor>;

const binaries = {
  atan2: tg.atan2,
  bitwise_and: tg.bitwiseAnd,
  bitwise_left_shift: tg.bitwiseLeftShift,
  bitwise_or: tg.bitwiseOr,
  bitwise_right_shift: tg.bitwiseRightShift,
  bitwise_xor: tg.bitwiseXor,
  copysign: tg.copysign,
  eq: tg.eq,
  float_power: tg.floatPower,
  floor_divide: tg.floorDivide,
  fmax: tg.fmax,
  fmin: tg.fmin,
  fmod: tg.fmod,
  ge: tg.ge,
  gt: tg.gt,
  hypot: tg.hypot,
  le: tg.le,
  logical_and: tg.logicalAnd,
  logaddexp: tg.logAddExp,
  logaddexp2: tg.logAddExp2,
  logical_or: tg.logicalOr,
  logical_xor: tg.logicalXor,
  lt: tg.lt,
  maximum: tg.maximum,
  minimum: tg.minimum,
  mul: tg.mul,
  ne: tg.ne,
  pow: tg.pow,
  remainder: tg.remainder,
  true_divide: tg.trueDivide,
  xlog1py: tg.xlog1py,
  xlogy: tg.xlogy,
} satisfies Record<string, Binary>;

const named = Object.fromEntries([
  ...Object.entries(unaries).map(([name, f]) => [name, unary(f)]),
  ...Object.entries(binaries).map(([name, f]) => [name, binary(f)]),
]) as Adapters;

const clampMin = adapter("input min", (a) => tg.clampMin(a.operand("input"), a.operand("min")));
const clampMax = adapter("input max", (a) => tg.clampMax(a.operand("input"), a.operand("max")));

export const elementwise: Adapters = {
  ...named,
  absolute: unary(tg.abs),
  add: scaled(tg.add),
  addcdiv: accumulated(tg.addcdiv),
  addcmul: accumulated(tg.addcmul),
  allclose: closeness(tg.allClose),
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
  fix: unary(tg.fix),
  greater: binary(tg.gt),
  greater_equal: binary(tg.ge),
  less: binary(tg.lt),
  less_equal: binary(tg.le),
  heaviside: adapter("input values", (a) => tg.heaviside(a.tensor("input"), a.operand("values"))),
  isclose: closeness(tg.isClose),
  ldexp: adapter("input other", (a) => tg.ldexp(a.tensor("input"), a.tensor("other"))),
  lerp,
  logit,
  mvlgamma: adapter("input p", (a) => tg.mvlgamma(a.tensor("input"), a.number("p"))),
  nan_to_num: nanToNum,
  multiply: binary(tg.mul),
  negative: unary(tg.neg),
  not_equal: binary(tg.ne),
  round,
  rsub: scaled(tg.rsub),
  sub: scaled(tg.sub),
  subtract: scaled(tg.sub),
};
