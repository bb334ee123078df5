import {
  infHelper,
  invoke,
  isNanHelper,
  logHelper,
  nanHelper,
} from "../../../kernels/math/floatHelpers.ts";
import { powHelper } from "../../../kernels/math/specialHelpers.ts";
import { isFloat, numberDType } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import {
  arithmetic,
  type Binary,
  broadcasting,
  defineOp,
  floating,
  pointwise,
} from "../../tensor/op.ts";
import { Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { binarySamples, integers, uniform } from "../samples.ts";
import { mul, sub } from "./arithmetic.ts";
import { eq, ge, logicalAnd, where } from "./compare.ts";
import { log } from "./elementwise.ts";
import { integerPower } from "./numbers.ts";
import { powWhole } from "./powerWhole.ts";

function powersText(x: string, n: number): string {
  if (n === 1) return x;
  const half = powersText(x, Math.floor(n / 2));
  return n % 2 === 0 ? `(${half} * ${half})` : `(${half} * ${half} * ${x})`;
}

interface PowAttrs extends Readonly<Record<string, unknown>> {
  readonly n: number;
}

/** x to a whole number that is part of the graph: products, no logarithm. */
const powInt = defineOp<1, PowAttrs>({
  name: "powInt",
  arity: 1,
  shape: same,
  dtype: (dtypes, { n }) => (n < 0 ? floating(dtypes) : arithmetic(dtypes)),
  forward: pointwise({
    wgsl: ([x], lanes, { n }) => {
      if (n === 0) return `${lanes.type(lanes.dtype)}(1)`;
      const power = powersText(x!, Math.abs(n as number));
      return (n as number) < 0 ? `(${lanes.type("float32")}(1.0) / ${power})` : power;
    },
    js: ({ n }, dtype) => integerPower(n as number, dtype),
    weight: 3,
  }),
  key: ({ n }) => String(n),
  vjp: ({ g, inputs: [x], attrs: { n } }) => [n === 0 ? mul(g, 0) : mul(mul(g, n), pow(x!, n - 1))],
  derivative: ({ n }) => {
    if (n === 0 || n === 1) return [n === 0 ? "0" : "g"];
    const raised = [...String(n - 1)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
    return [`g·${n < 0 ? `(${n})` : n}·x${n === 2 ? "" : raised}`];
  },
  samples: () => [
    [uniform([2, 3]), { n: 2 }],
    [uniform([4, 2], -2, 2, "transposed"), { n: 3 }],
    [uniform([], 0.5, 2), { n: -1 }],
    [uniform([5], 0.5, 2), { n: -3 }],
    [uniform([3], -1, 1), { n: 7 }],
    [integers([4], -4, 4), { n: 3 }],
    [uniform([4]), { n: 0 }],
    [uniform([0]), { n: 2 }],
  ],
});

const powOp: Binary = defineOp<2>({
  name: "pow",
  arity: 2,
  shape: broadcasting("pow"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([a, b], lanes) => invoke(powHelper, lanes, a!, b!),
    // JavaScript's 1 ** NaN is NaN, IEEE's pow(1, NaN) is 1.
    js: () => (a, b) => (a === 1 ? 1 : a! ** b!),
    weight: 8,
    helpers: [powHelper, logHelper, infHelper, nanHelper, isNanHelper],
  }),
  vjp: ({ g, out, inputs }) => {
    const [a, b] = inputs as [Tensor, Tensor];
    // At exponent 0, and at base 0 with a positive exponent, the products below are 0 · ∞.
    const ga = where(eq(b, 0), 0, mul(g, mul(b, powOp(a, sub(b, 1)))));
    const flat = logicalAnd(eq(a, 0), ge(b, 0));
    return [ga, where(flat, 0, mul(g, mul(out, log(a))))];
  },
  derivative: ["g·b·a^(b - 1)", "g·a^b·ln a"],
  samples: () =>
    binarySamples(
      (shape, layout) => uniform(shape, 0.5, 2, layout),
      (shape, layout) => uniform(shape, -2, 2, layout),
    ),
});

/**
 * aᵇ, element-wise. A whole number |b| ≤ 64 given as a number is part of the graph and becomes
 * products; every other exponent may change from run to run. Whole numbers to whole numbers are
 * whole numbers.
 * @throws DTypeError when neither is a tensor or number, ValueError for whole numbers to a
 * negative number, which are fractions
 */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  const whole = isWhole(a) && isWhole(b) && (a instanceof Tensor || b instanceof Tensor);
  if (whole && typeof b === "number" && b < 0) {
    throw new ValueError(
      `pow: whole numbers to the power ${b} are fractions; got ${(a as Tensor).dtype}. ` +
        'Cast first: x.cast("float32").',
    );
  }
  if (a instanceof Tensor && typeof b === "number" && Number.isInteger(b) && Math.abs(b) <= 64) {
    return b === 1 && a.dtype !== "bool" ? a : powInt(a, { n: b });
  }
  return whole ? powWhole(a, b) : powOp(a, b);
}

const isWhole = (x: TensorLike): boolean =>
  x instanceof Tensor
    ? !isFloat(x.dtype)
    : typeof x === "boolean" || !isFloat(numberDType(x, "int32"));
