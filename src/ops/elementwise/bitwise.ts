import type { DType } from "../../core/dtype.ts";
import { isFloat, promote } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import {
  type Binary,
  broadcasting,
  type DTypeRule,
  defineOp,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import { logical, same } from "../rules.ts";
import { binarySamples, booleans, exactly, integers } from "../samples.ts";

/** Functions of the bits of whole numbers; truth values have one bit. */

const whole = "whole numbers and truth values have no slope";

/** @throws DTypeError for floats; `least` is what bool counts as. */
const bitsRule =
  (op: string, least: "bool" | "int32") =>
  (dtypes: readonly DType[]): DTypeRule => {
    const common = dtypes.reduce(promote);
    if (isFloat(common)) {
      throw new DTypeError(
        `${op}: only whole numbers and truth values have bits; got ${dtypes.join(", ")}. ` +
          'Convert with x.cast("int32").',
      );
    }
    const dtype = common === "bool" ? least : common;
    return { operands: dtypes.map(() => dtype), result: dtype };
  };

const stored = (dtype: DType, value: number): number => (dtype === "uint32" ? value >>> 0 : value);

type Bits = (a: number, b: number) => number;

const samplesOf = (bools: boolean) => () => [
  ...binarySamples((shape, layout) => integers(shape, -9, 9, "int32", layout)).slice(2, 4),
  [integers([2, 3], 0, 99, "uint32"), integers([3], 0, 31, "uint32")],
  [exactly([4], [-1, 7, -8, 5], "int32"), exactly([4], [31, 32, 40, -1], "int32")],
  ...(bools ? [[booleans([2, 3]), booleans([3])]] : []),
];

function bitwise(name: string, operator: string, js: Bits): Binary {
  return defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype: bitsRule(name, "bool"),
    forward: pointwise({
      wgsl: ([a, b], { dtype }) =>
        operator === "^" && dtype === "bool" ? `(${a} != ${b})` : `(${a} ${operator} ${b})`,
      js: (_, dtype) => (a, b) => stored(dtype, js(a!, b!)),
    }),
    vjp: null,
    nondifferentiable: whole,
    derivative: ["none", "none"],
    samples: samplesOf(true),
  });
}

/** a and b, bit by bit. @throws DTypeError for floats */
export const bitwiseAnd: Binary = bitwise("bitwiseAnd", "&", (a, b) => a & b);
/** a or b, bit by bit. @throws DTypeError for floats */
export const bitwiseOr: Binary = bitwise("bitwiseOr", "|", (a, b) => a | b);
/** Either a or b, bit by bit. @throws DTypeError for floats */
export const bitwiseXor: Binary = bitwise("bitwiseXor", "^", (a, b) => a ^ b);

/** Every bit turned; for bool `logicalNot`. @throws DTypeError for floats */
export const bitwiseNot: Unary = defineOp<1>({
  name: "bitwiseNot",
  arity: 1,
  shape: same,
  dtype: bitsRule("bitwiseNot", "bool"),
  forward: pointwise({
    wgsl: ([x], { dtype }) => (dtype === "bool" ? `(!${x})` : `(~${x})`),
    js: (_, dtype) => (x) => (dtype === "bool" ? 1 - x! : stored(dtype, ~x!)),
  }),
  vjp: null,
  nondifferentiable: whole,
  derivative: ["none"],
  samples: () => [
    [integers([3, 4], -9, 9, "int32", "transposed")],
    [integers([3], 0, 9, "uint32")],
    [booleans([4])],
    [integers([0], 0, 1)],
  ],
});

/** Amounts outside 0 to 31 shift everything out. */
function shift(name: string, operator: "<<" | ">>", js: (dtype: DType) => Bits): Binary {
  return defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype: bitsRule(name, "int32"),
    forward: pointwise({
      wgsl: ([a, b], lanes) => {
        const [type, u] = [lanes.type(lanes.dtype), lanes.type("uint32")];
        const far = `(${u}(${b}) > ${u}(31u))`;
        const signs = operator === ">>" && lanes.dtype === "int32";
        const amount = `min(${u}(${b}), ${u}(31u))`;
        const shifted = `(${a} ${operator} ${amount})`;
        return signs ? shifted : `select(${shifted}, ${type}(0), ${far})`;
      },
      js: (_, dtype) => js(dtype) as (...args: number[]) => number,
    }),
    vjp: null,
    nondifferentiable: whole,
    derivative: ["none", "none"],
    samples: samplesOf(false),
  });
}

/** The amount that a negative one counts as: all of it. */
const amountOf = (b: number): number => Math.min(b >>> 0, 32);

/** a·2ᵇ within 32 bits; 0 where b is not 0 to 31. @throws DTypeError for floats */
export const bitwiseLeftShift: Binary = shift(
  "bitwiseLeftShift",
  "<<",
  (dtype) => (a, b) => (amountOf(b) > 31 ? 0 : stored(dtype, a << b)),
);

/**
 * ⌊a / 2ᵇ⌋: the sign stays. Where b is not 0 to 31: -1 for a negative a, else 0.
 * @throws DTypeError for floats
 */
export const bitwiseRightShift: Binary = shift("bitwiseRightShift", ">>", (dtype) => (a, b) => {
  if (dtype !== "uint32") return a >> Math.min(amountOf(b), 31);
  return amountOf(b) > 31 ? 0 : a >>> b;
});

/** Exactly one of a and b, element-wise; numbers count as ≠ 0. */
export const logicalXor: Binary = defineOp<2>({
  name: "logicalXor",
  arity: 2,
  shape: broadcasting("logicalXor"),
  dtype: logical,
  forward: pointwise({ wgsl: ([a, b]) => `(${a} != ${b})`, js: () => (a, b) => a! ^ b! }),
  vjp: null,
  nondifferentiable: "its values are true and false",
  derivative: ["none", "none"],
  samples: () => binarySamples(booleans).slice(2, 4),
});
