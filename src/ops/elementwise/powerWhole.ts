import type { Helper } from "../../core/ir.ts";
import { arithmetic, type Binary, broadcasting, defineOp, pointwise } from "../../tensor/op.ts";
import { integers } from "../samples.ts";
import { powNumber } from "./numbers.ts";

/** Square and multiply, bit by bit of the exponent; products wrap as those of `mul` do. */
const helperFor = (dtype: "int32" | "uint32"): Helper => ({
  name: `pow_${dtype}`,
  code: ({ helper, type }) => {
    const [T, U] = [type(dtype), type("uint32")];
    const negative = `${T}(0), result, abs(a) == ${T}(1)`;
    return `fn ${helper(`pow_${dtype}`)}(a: ${T}, b: ${T}) -> ${T} {
  var base = a;
  var bits = ${U}(b);
  var result = ${T}(1);
  for (var i = 0; i < 32; i++) {
    result = select(result, result * base, (bits & ${U}(1)) != ${U}(0));
    base *= base;
    bits >>= ${U}(1);
  }
  return ${dtype === "int32" ? `select(result, select(${negative}), b < ${T}(0))` : "result"};
}`;
  },
});

const helpers = { int32: helperFor("int32"), uint32: helperFor("uint32") };

/** aᵇ of whole numbers, a whole number: 0 for negative exponents unless a is 1 or -1. */
export const powWhole: Binary = defineOp<2>({
  name: "powWhole",
  arity: 2,
  shape: broadcasting("pow"),
  dtype: arithmetic,
  forward: pointwise({
    wgsl: ([a, b], { dtype, helper }) => `${helper(`pow_${dtype}`)}(${a}, ${b})`,
    js: (_, dtype) => powNumber(dtype) as (...args: number[]) => number,
    weight: 8,
    helpers: [helpers.int32, helpers.uint32],
  }),
  vjp: null,
  nondifferentiable: "whole numbers have no slopes",
  derivative: ["none", "none"],
  samples: () => [
    [integers([2, 3], -9, 9), integers([3], 0, 9)],
    [integers([4], -1, 3), integers([4], -4, 0)],
    [integers([3], 0, 9, "uint32"), integers([], 3, 40, "uint32")],
  ],
});
