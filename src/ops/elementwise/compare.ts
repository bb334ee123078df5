import { invoke, isNanHelper } from "../../../kernels/math/floatHelpers.ts";
import type { Lanes, Pointwise } from "../../core/ir.ts";
import {
  type Binary,
  broadcasting,
  comparison,
  defineOp,
  pointwise,
  type Ternary,
  type Unary,
} from "../../tensor/op.ts";
import { choosing, classifying, logical, same } from "../rules.ts";
import { binarySamples, booleans, exactly, integers, uniform } from "../samples.ts";

const step = "its values are true and false: the slope is 0 everywhere but at the jump";

/** A compiler may take `!(a == b)` for `a != b`, so NaN is tested on the bits. */
function compareText(operator: string, nan: "true" | "false") {
  return (args: readonly string[], lanes: Lanes): string => {
    const [a, b] = args as [string, string];
    if (lanes.args[0] !== "float32") return `(${a} ${operator} ${b})`;
    const lost = `(${invoke(isNanHelper, lanes, a)} | ${invoke(isNanHelper, lanes, b)})`;
    return nan === "true"
      ? `((${a} ${operator} ${b}) | ${lost})`
      : `((${a} ${operator} ${b}) & !${lost})`;
  };
}

function compared(name: string, operator: string, js: (a: number, b: number) => boolean): Binary {
  return defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype: comparison,
    forward: pointwise({
      wgsl: compareText(operator, operator === "!=" ? "true" : "false"),
      js: () => (a, b) => Number(js(a!, b!)),
      helpers: [isNanHelper],
    }),
    vjp: null,
    nondifferentiable: step,
    derivative: ["none", "none"],
    samples: () => [
      ...binarySamples((shape, layout) => integers(shape, -2, 2, "int32", layout)),
      [uniform([2, 4]), uniform([4])],
      [
        exactly([4], [1, Number.NaN, -0, Number.POSITIVE_INFINITY]),
        exactly([4], [1, Number.NaN, 0, Number.POSITIVE_INFINITY]),
      ],
      [exactly([3], [Number.NaN, 1, Number.NEGATIVE_INFINITY]), exactly([], [0])],
    ],
  });
}

/** a = b, element-wise; NaN equals nothing. Inputs broadcast; the result is bool. */
export const eq: Binary = compared("eq", "==", (a, b) => a === b);
/** a ≠ b, element-wise; true where either is NaN. */
export const ne: Binary = compared("ne", "!=", (a, b) => a !== b);
/** a < b, element-wise; false where either is NaN. */
export const lt: Binary = compared("lt", "<", (a, b) => a < b);
/** a ≤ b, element-wise; false where either is NaN. */
export const le: Binary = compared("le", "<=", (a, b) => a <= b);
/** a > b, element-wise; false where either is NaN. */
export const gt: Binary = compared("gt", ">", (a, b) => a > b);
/** a ≥ b, element-wise; false where either is NaN. */
export const ge: Binary = compared("ge", ">=", (a, b) => a >= b);

/**
 * c ? a : b, element-wise; keeps NaN, infinities and signed zeros of the chosen side.
 * @param c the condition, bool (others count as ≠ 0); all three broadcast
 * @throws ShapeError when they do not
 */
export const where: Ternary = defineOp<3>({
  name: "where",
  arity: 3,
  shape: broadcasting("where"),
  dtype: choosing,
  forward: pointwise({
    wgsl: ([c, a, b]) => `select(${b}, ${a}, ${c})`,
    js: () => (c, a, b) => (c !== 0 ? a! : b!),
  }),
  vjp: ({ g, inputs: [c] }) => [null, where(c!, g, 0), where(c!, 0, g)],
  operands: ["c", "a", "b"],
  derivative: ["none", "g·1[c]", "g·1[not c]"],
  samples: () => [
    [booleans([]), uniform([]), uniform([])],
    [booleans([2, 4]), uniform([2, 4]), uniform([4])],
    [booleans([3, 1], "transposed"), uniform([3, 4], -2, 2, "transposed"), uniform([1, 4])],
    [booleans([4]), integers([4], -3, 3), integers([4], -3, 3)],
    [booleans([4]), booleans([4]), booleans([4])],
    [booleans([0]), uniform([0]), uniform([])],
  ],
});

const specials = (): number[] => [
  0,
  -1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  3e38,
];

/** Tests the bits without the sign: `magnitude OPERATOR infinity`. */
function classified(name: string, operator: string, js: (x: number) => boolean): Unary {
  return defineOp<1>({
    name,
    arity: 1,
    shape: same,
    dtype: classifying,
    forward: pointwise({
      wgsl: ([x], lanes) => {
        const u = lanes.type("uint32");
        return `((bitcast<${u}>(${x}) & ${u}(0x7fffffffu)) ${operator} ${u}(0x7f800000u))`;
      },
      js: () => (x) => Number(js(x!)),
    }),
    vjp: null,
    nondifferentiable: step,
    derivative: ["none"],
    samples: () => [
      [exactly([7], specials())],
      [exactly([2, 8], specials())],
      [exactly([], [Number.NaN])],
      [exactly([0], [0])],
    ],
  });
}

/** Which elements are NaN. */
export const isNan: Unary = classified("isNan", ">", Number.isNaN);
/** Which elements are infinite. */
export const isInf: Unary = classified("isInf", "==", (x) => Math.abs(x) === Infinity);
const finite: Unary = classified("isFinite", "<", Number.isFinite);

/** Which elements are neither infinite nor NaN. */
export { finite as isFinite };

const truth = (arity: 1 | 2, name: string, forward: Pointwise) => ({
  name,
  shape: arity === 1 ? same : broadcasting(name),
  dtype: logical,
  forward,
  vjp: null,
  nondifferentiable: step,
  derivative: arity === 1 ? ["none"] : ["none", "none"],
});

/** a and b, element-wise; numbers count as ≠ 0. */
export const logicalAnd: Binary = defineOp<2>({
  arity: 2,
  ...truth(
    2,
    "logicalAnd",
    pointwise({ wgsl: ([a, b]) => `(${a} & ${b})`, js: () => (a, b) => a! & b! }),
  ),
  samples: () => binarySamples(booleans),
});

/** a or b, element-wise. */
export const logicalOr: Binary = defineOp<2>({
  arity: 2,
  ...truth(
    2,
    "logicalOr",
    pointwise({ wgsl: ([a, b]) => `(${a} | ${b})`, js: () => (a, b) => a! | b! }),
  ),
  samples: () => binarySamples(booleans),
});

/** Not x, element-wise. */
export const logicalNot: Unary = defineOp<1>({
  arity: 1,
  ...truth(1, "logicalNot", pointwise({ wgsl: ([x]) => `(!${x})`, js: () => (x) => 1 - x! })),
  samples: () => [
    [booleans([])],
    [booleans([3, 2], "transposed")],
    [integers([5], -1, 2)],
    [booleans([0])],
  ],
});
