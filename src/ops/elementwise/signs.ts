import type { DType } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import {
  type Binary,
  broadcasting,
  defineOp,
  floating,
  pointwise,
  type Unary,
} from "../../tensor/op.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { same } from "../rules.ts";
import { exactly, integers, uniform } from "../samples.ts";
import { neg } from "./arithmetic.ts";
import { logicalXor } from "./bitwise.ts";
import { cast } from "./cast.ts";
import { eq, gt, where } from "./compare.ts";
import { sign } from "./extrema.ts";

const negative = (x: number): boolean => x < 0 || Object.is(x, -0);

/** Which elements carry a minus sign: also -0, but no NaN; whole numbers below 0. */
export const signBit: Unary = defineOp<1>({
  name: "signBit",
  arity: 1,
  shape: same,
  dtype: (dtypes) => ({ operands: dtypes, result: "bool" }),
  forward: pointwise({
    wgsl: ([x], lanes) => {
      const [type, u] = [lanes.args[0] as DType, lanes.type("uint32")];
      if (type === "int32") return `(${x} < ${lanes.type("int32")}(0))`;
      if (type !== "float32") return `${lanes.type("bool")}(false)`;
      // NaNs with a minus sign lie above -Infinity's bits.
      return `((bitcast<${u}>(${x}) - ${u}(0x80000000u)) <= ${u}(0x7f800000u))`;
    },
    js: () => (x) => Number(negative(x!)),
  }),
  vjp: null,
  nondifferentiable: "its values are true and false: the slope is 0 everywhere but at the jump",
  derivative: ["none"],
  samples: () => [
    [exactly([7], [0, -0, -1.5, 2, Number.NEGATIVE_INFINITY, Number.NaN, 1e-30])],
    [integers([2, 3], -3, 3)],
    [uniform([3, 4], -2, 2, "transposed")],
    [uniform([0])],
  ],
});

/** |a| with the sign of b, element-wise, also that of -0; its slope at a = 0 is 0, that in b none. */
export const copysign: Binary = defineOp<2>({
  name: "copysign",
  arity: 2,
  shape: broadcasting("copysign"),
  dtype: floating,
  forward: pointwise({
    wgsl: ([a, b], lanes) => {
      const [f, u] = [lanes.type("float32"), lanes.type("uint32")];
      const size = `(bitcast<${u}>(${a}) & ${u}(0x7fffffffu))`;
      return `bitcast<${f}>(${size} | (bitcast<${u}>(${b}) & ${u}(0x80000000u)))`;
    },
    js: () => (a, b) => (negative(b!) ? -Math.abs(a!) : Math.abs(a!)),
  }),
  vjp: ({ g, inputs: [a, b] }) => {
    const turned = logicalXor(signBit(a!), signBit(b!));
    return [where(eq(a!, 0), 0, where(turned, neg(g), g)), null];
  },
  derivative: ["g·sign(a)·sign(b)", "none"],
  samples: () => [
    [uniform([2, 4], 0.2, 2), exactly([4], [1, -0.5, -3, 0.7])],
    [uniform([3, 4], -2, -0.2, "transposed"), uniform([])],
    [uniform([0]), uniform([1])],
  ],
});

/** -1, 0 or 1; 0 for NaN: `sign`, by PyTorch's other name. */
export const sgn: Unary = (x) => sign(x);

/** x itself. @throws DTypeError for bool, as PyTorch does */
export function positive(x: Tensor): Tensor {
  if (x.dtype !== "bool") return x;
  throw new DTypeError(
    `positive: bool has no sign; got shape ${show(x.shape)}. Convert it with x.cast("int32").`,
  );
}

/** 0 below 0, `values` at 0, 1 above; 0 for NaN. Only `values` has a slope. */
export function heaviside(x: Tensor, values: TensorLike): Tensor {
  const above = cast(gt(x, 0), x.dtype);
  return where(eq(x, 0), values, above);
}
