import { checkDType, type DType, isFloat } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import type { Lanes } from "../../core/ir.ts";
import { defineOp, pointwise, provideCast } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { rangeOf, withRange } from "../range.ts";
import { same } from "../rules.ts";
import { booleans, exactly, integers } from "../samples.ts";
import { castNumber } from "./numbers.ts";

interface CastAttrs extends Readonly<Record<string, unknown>> {
  readonly from: DType;
  readonly to: DType;
}

function castText(x: string, lanes: Lanes, { from, to }: CastAttrs): string {
  const type = lanes.type(to);
  const u = lanes.type("uint32");
  if (isFloat(from) && isFloat(to)) return x;
  if (!isFloat(from)) return `${type}(${x})`;
  // NaN is not zero, so it is true: tested on the bits.
  if (to === "bool") return `((bitcast<${u}>(${x}) & ${u}(0x7fffffffu)) != ${u}(0u))`;
  const nan = `((bitcast<${u}>(${x}) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u))`;
  return `select(${type}(${x}), ${type}(0), ${nan})`;
}

const castOp = defineOp<1, CastAttrs>({
  name: "cast",
  arity: 1,
  shape: same,
  dtype: (dtypes, { to }) => ({ operands: dtypes, result: to }),
  forward: pointwise({
    wgsl: ([x], lanes, attrs) => castText(x!, lanes, attrs as CastAttrs),
    js: (attrs) => castNumber((attrs as CastAttrs).from, (attrs as CastAttrs).to),
    rounds: true,
  }),
  key: ({ from, to }) => `${from}>${to}`,
  // Gradients flow between floats only: whole numbers and truth values have none.
  vjp: ({ g, attrs: { from } }) => [isFloat(from) ? cast(g, from) : null],
  derivative: ({ from, to }) => [isFloat(from) && isFloat(to) ? "g" : "none"],
  samples: () => [
    [integers([2, 3], -5, 5), { from: "int32", to: "float32" }],
    [integers([], -5, 5), { from: "int32", to: "bool" }],
    [exactly([4], [-1.5, 0, 2.75, -0.25]), { from: "float32", to: "int32" }],
    [exactly([4], [-1.5, 0, 2.75, -0]), { from: "float32", to: "bool" }],
    [exactly([3], [1.5, 0, 3e9]), { from: "float32", to: "uint32" }],
    [booleans([3, 2], "transposed"), { from: "bool", to: "float32" }],
    [booleans([0]), { from: "bool", to: "int32" }],
    [integers([3], 0, 9, "uint32"), { from: "uint32", to: "int32" }],
    [exactly([2], [1.5, -2]), { from: "float32", to: "float32" }],
  ],
});

/**
 * The same values as another dtype; float to integer rounds towards 0 and stops at the limits,
 * float32 to float16 to the nearest, halfway to the even one, and beyond 65504 to infinity.
 * @param x any shape  @returns the same shape
 * @throws DTypeError for an unknown dtype, DeviceError for float16 where the device lacks it
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (typeof x !== "object") {
    throw new DTypeError(`cast: not a tensor; got ${typeof x}. Make one with tensor(value).`);
  }
  if (x.dtype === dtype) return x;
  checkDType("cast", dtype, x.device);
  const out = castOp(x, { from: x.dtype, to: dtype });
  return dtype === "int32" || dtype === "uint32" ? withRange(out, rangeOf(x)) : out;
}

/** float16 as float32, where squares or differences on the way need its range and precision. */
export const widened = (x: Tensor): Tensor => (x.dtype === "float16" ? cast(x, "float32") : x);

provideCast(cast);
