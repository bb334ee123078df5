import type { DType } from "../../core/dtype.ts";
import { promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import {
  arithmetic,
  type Binary,
  broadcasting,
  type DTypeRule,
  defineOp,
  floating,
  pointwise,
  promoting,
  type Unary,
} from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { constantOf, same } from "../rules.ts";
import { binarySamples, integers, unarySamples, uniform, uniformPair } from "../samples.ts";
import { times, wrap } from "./numbers.ts";

const integerPair = () => [integers([2, 3], -9, 9), integers([3], -9, 9)];

/** The arithmetic of truth values: sums are `or`, products `and`; there is no difference. */
const numeric =
  (op: string, instead: string) =>
  (dtypes: readonly DType[]): DTypeRule => {
    if (!dtypes.includes("bool")) return arithmetic(dtypes);
    throw new DTypeError(
      `${op}: bool has no ${op === "neg" ? "negative" : "difference"}; got ${dtypes.join(", ")}. ` +
        `Use ${instead}, or count with x.cast("int32").`,
    );
  };

/** a + b, element-wise; `or` for bool. Inputs broadcast; numbers take the tensor's dtype. */
export const add: Binary = defineOp<2>({
  name: "add",
  arity: 2,
  shape: broadcasting("add"),
  dtype: promoting,
  forward: pointwise({
    wgsl: ([a, b], { dtype }) => (dtype === "bool" ? `(${a} | ${b})` : `(${a} + ${b})`),
    js: (_, dtype) => wrap(dtype, (a, b) => a + b),
  }),
  vjp: ({ g }) => [g, g],
  derivative: ["g", "g"],
  samples: () => [...binarySamples(uniformPair), integerPair()],
});

/** a - b, element-wise. @throws DTypeError for bool, as PyTorch does */
export const sub: Binary = defineOp<2>({
  name: "sub",
  arity: 2,
  shape: broadcasting("sub"),
  dtype: numeric("sub", "ne(a, b), or logicalNot(x) for 1 - x"),
  forward: pointwise({
    wgsl: ([a, b]) => `(${a} - ${b})`,
    js: (_, dtype) => wrap(dtype, (a, b) => a - b),
  }),
  vjp: ({ g }) => [g, neg(g)],
  derivative: ["g", "-g"],
  samples: () => [...binarySamples(uniformPair), integerPair()],
});

const mulOp: Binary = defineOp<2>({
  name: "mul",
  arity: 2,
  shape: broadcasting("mul"),
  dtype: promoting,
  forward: pointwise({
    wgsl: ([a, b], { dtype }) => (dtype === "bool" ? `(${a} & ${b})` : `(${a} * ${b})`),
    js: (_, dtype) => times(dtype),
  }),
  vjp: ({ g, inputs: [a, b] }) => [mul(g, b!), mul(g, a!)],
  derivative: ["g·b", "g·a"],
  samples: () => [...binarySamples(uniformPair), integerPair()],
});

/** a · b, element-wise; `and` for bool. A factor that is the constant 1 of the graph costs nothing. */
export const mul: Binary = (a, b) => {
  if (isUnit(a, b)) return b as Tensor;
  if (isUnit(b, a)) return a as Tensor;
  return mulOp(a, b);
};

/** The gradient that `backward()` starts from is a constant 1: no launch for it. */
function isUnit(one: TensorLike, other: TensorLike): boolean {
  if (constantOf(one) !== 1 || !(other instanceof Tensor) || other.dtype === "bool") return false;
  const { shape, dtype } = one as Tensor;
  if (promote(dtype, other.dtype) !== other.dtype || shape.length > other.rank) return false;
  const lead = other.rank - shape.length;
  return shape.every((n, d) => n === 1 || n === other.shape[lead + d]);
}

/** a / b, element-wise, a float always: int / int is float32. */
export const div: Binary = defineOp<2>({
  name: "div",
  arity: 2,
  shape: broadcasting("div"),
  dtype: floating,
  forward: pointwise({ wgsl: ([a, b]) => `(${a} / ${b})`, js: () => (a, b) => a! / b!, weight: 2 }),
  vjp: ({ g, out, inputs: [, b] }) => {
    const ga = div(g, b!);
    return [ga, neg(mul(ga, out))];
  },
  derivative: ["g / b", "-g·a / b²"],
  samples: () => binarySamples(uniformPair, (shape, layout) => uniform(shape, 0.5, 2, layout)),
});

/** -x, element-wise. @throws DTypeError for bool, as PyTorch does */
export const neg: Unary = defineOp<1>({
  name: "neg",
  arity: 1,
  shape: same,
  dtype: numeric("neg", "logicalNot"),
  forward: pointwise({
    wgsl: ([x], lanes) =>
      lanes.dtype === "uint32" ? `(${lanes.type("uint32")}(0u) - ${x})` : `(-${x})`,
    js: (_, dtype) =>
      dtype === "uint32" ? (x) => -x! >>> 0 : dtype === "int32" ? (x) => -x! | 0 : (x) => -x!,
  }),
  vjp: ({ g }) => [neg(g)],
  derivative: ["-g"],
  samples: () => [...unarySamples(), [integers([4], -5, 5)]],
});

/** 1 / x, element-wise. */
export const reciprocal: Unary = (x) => div(1, x);

/** x², element-wise. */
export const square: Unary = (x) => mul(x, x);
