import { stopGradient } from "../../../src/autodiff/transforms.ts";
import { broadcast } from "../../../src/core/shape.ts";
import * as ops from "../../../src/ops/index.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import {
  both,
  type Draw,
  type Draws,
  exact,
  has,
  isBool,
  isExactFloat,
  isFloat,
  isInteger,
  partner,
  rough,
  type Scope,
  type Value,
  valueFor,
} from "./draw.ts";
import type { Choices } from "./graphData.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

const smooth = (f: Unary): Draw => ({ takes: isFloat, make: ({ t }) => [rough(f(t))] });
/** Not smooth, or not continuous: only for values that are equal to the last bit. */
const kinked = (f: Unary): Draw => ({ takes: isExactFloat, make: ({ t }) => [exact(f(t))] });

const squaredPlusOne: Unary = (x) => ops.add(ops.square(x), 1);

/** Values and slopes stay near 1, so that float32 is enough to tell right from wrong. */
export const unary: Draws = {
  tanh: smooth(ops.tanh),
  scaled: smooth((x) => ops.mul(x, -0.75)),
  shifted: smooth((x) => ops.add(ops.mul(x, 0.5), 1)),
  sigmoid: smooth(ops.sigmoid),
  sin: smooth(ops.sin),
  cos: smooth(ops.cos),
  atan: smooth(ops.atan),
  asinh: smooth(ops.asinh),
  erf: smooth(ops.erf),
  gelu: smooth(ops.gelu),
  silu: smooth(ops.silu),
  softplus: smooth((x) => ops.softplus(ops.tanh(x))),
  exp: smooth((x) => ops.exp(ops.tanh(x))),
  expm1: smooth((x) => ops.expm1(ops.tanh(x))),
  square: smooth((x) => ops.square(ops.tanh(x))),
  log: smooth((x) => ops.log(squaredPlusOne(x))),
  log1p: smooth((x) => ops.log1p(ops.square(x))),
  sqrt: smooth((x) => ops.sqrt(squaredPlusOne(x))),
  rsqrt: smooth((x) => ops.rsqrt(squaredPlusOne(x))),
  reciprocal: smooth((x) => ops.div(1, squaredPlusOne(x))),
  stopped: { takes: isFloat, make: ({ t, exact }) => [{ t: stopGradient(t), exact }] },
  relu: kinked(ops.relu),
  abs: kinked(ops.abs),
  neg: kinked(ops.neg),
  halved: kinked((x) => ops.mul(x, 0.5)),
  atLeast: kinked((x) => ops.maximum(x, 0.25)),
  clamp: kinked((x) => ops.clamp(x, -1, 1)),
  floor: kinked(ops.floor),
  sign: kinked(ops.sign),
};

const smoothPair = (f: Binary): Draw => ({
  takes: isFloat,
  make: (x, choices, scope) => [rough(f(x.t, partner(x, choices, scope).t))],
});

/** Both operands equal to the last bit, or nothing. */
const exactPair = (f: Binary, takes = isExactFloat): Draw => ({
  takes,
  make: (x, choices, scope) => {
    const y = partner(x, choices, scope);
    return y.exact ? [exact(f(x.t, y.t))] : [];
  },
});

function where(x: Value, choices: Choices, scope: Scope): Value[] {
  const condition = valueFor(x.t.shape, "bool", choices, scope);
  const shape = broadcast("where", [x.t.shape, condition.t.shape]);
  const y = valueFor(shape, "float32", choices, scope);
  return [{ t: ops.where(condition.t, x.t, y.t), exact: x.exact && y.exact }];
}

export const binary: Draws = {
  add: smoothPair(ops.add),
  sub: smoothPair(ops.sub),
  mul: smoothPair((a, b) => ops.mul(ops.tanh(a), b)),
  div: smoothPair((a, b) => ops.div(a, squaredPlusOne(b))),
  pow: smoothPair((a, b) => ops.pow(squaredPlusOne(ops.tanh(a)), ops.tanh(b))),
  atan2: smoothPair((a, b) => ops.atan2(a, squaredPlusOne(b))),
  lerp: smoothPair((a, b) => ops.lerp(ops.tanh(a), b, 0.25)),
  addcmul: smoothPair((a, b) => ops.addcmul(a, ops.tanh(a), ops.tanh(b))),
  meanOfTwo: smoothPair((a, b) => ops.mul(ops.add(a, b), 0.5)),
  maximum: exactPair(ops.maximum),
  larger: exactPair((a, b) => ops.where(ops.gt(a, b), ops.mul(a, 0.5), b)),
  where: { takes: isFloat, make: where },
};

/** Integers that several ops make larger are brought back: int32 must not run over. */
const small: Unary = (x) => ops.remainder(x, 97);

const integer = (f: Binary): Draw => exactPair(f, isInteger);

export const discrete: Draws = {
  greater: exactPair(ops.gt),
  equal: exactPair(ops.eq, both(isInteger)),
  less: exactPair(ops.lt, isInteger),
  and: exactPair(ops.logicalAnd, isBool),
  xor: exactPair(ops.logicalXor, isBool),
  not: { takes: isBool, make: ({ t }) => [exact(ops.logicalNot(t))] },
  addIntegers: integer((a, b) => small(ops.add(a, b))),
  subIntegers: integer(ops.sub),
  mulIntegers: integer((a, b) => small(ops.mul(a, b))),
  maxIntegers: integer(ops.maximum),
  bitwiseAnd: integer(ops.bitwiseAnd),
  bitwiseXor: integer((a, b) => small(ops.bitwiseXor(a, b))),
  remainder: { takes: isInteger, make: ({ t }) => [exact(ops.remainder(t, 5))] },
  floorDivide: { takes: isInteger, make: ({ t }) => [exact(ops.floorDivide(t, 3))] },
  toFloat: { takes: has("int32", "bool"), make: ({ t }) => [exact(ops.cast(t, "float32"))] },
  toInteger: {
    takes: (x) => isExactFloat(x) || isBool(x),
    make: ({ t }) => [exact(ops.cast(t, "int32"))],
  },
  toUnsigned: { takes: has("int32"), make: ({ t }) => [exact(ops.cast(ops.abs(t), "uint32"))] },
  toBool: { takes: isInteger, make: ({ t }) => [exact(ops.cast(t, "bool"))] },
};
