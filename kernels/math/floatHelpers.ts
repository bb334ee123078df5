import type { DType } from "../../src/core/dtype.ts";
import type { Helper, Lanes } from "../../src/core/ir.ts";

/**
 * WGSL functions that expressions and kernels call. WGSL lets a compiler assume that there are no
 * NaNs and infinities, so both are tested on the bits and made at run time from an argument's
 * bits: a constant expression that gives one is an error.
 */

/** The names of the types at one width, as helper texts use them. */
export interface WidthTypes {
  readonly F: string;
  readonly I: string;
  readonly U: string;
  readonly B: string;
  /** The name of another helper at this width. */
  readonly name: (helper: Helper) => string;
}

export function defineHelper(
  name: string,
  text: (fn: string, types: WidthTypes) => string,
): Helper {
  return {
    name,
    code: (lanes) =>
      text(lanes.helper(name), {
        F: lanes.type("float32"),
        I: lanes.type("int32"),
        U: lanes.type("uint32"),
        B: lanes.type("bool"),
        name: (helper) => lanes.helper(helper.name),
      }),
  };
}

/** The text of a call. */
export const invoke = (helper: Helper, lanes: Lanes, ...args: readonly string[]): string =>
  `${lanes.helper(helper.name)}(${args.join(", ")})`;

const scalarTypes: Record<DType, string> = {
  float32: "f32",
  float16: "f32",
  int32: "i32",
  uint32: "u32",
  bool: "bool",
};

/** The width of a hand-written kernel that works on one element at a time. */
export const oneLane: Lanes = {
  width: 1,
  args: [],
  dtype: "float32",
  type: (dtype) => scalarTypes[dtype],
  helper: (name) => `${name}_1`,
};

/** The same for four elements side by side. */
export const fourLanes: Lanes = {
  ...oneLane,
  width: 4,
  type: (dtype) => `vec4<${oneLane.type(dtype)}>`,
  helper: (name) => `${name}_4`,
};

export const isNanHelper = defineHelper(
  "is_nan",
  (fn, { F, I, B }) => `fn ${fn}(x: ${F}) -> ${B} {
  return (bitcast<${I}>(x) & ${I}(0x7fffffff)) > ${I}(0x7f800000);
}`,
);

/** +Infinity; `x` only keeps the compiler from evaluating it. */
export const infHelper = defineHelper(
  "inf_like",
  (fn, { F, U }) => `fn ${fn}(x: ${F}) -> ${F} {
  return bitcast<${F}>((bitcast<${U}>(x) & ${U}(0u)) | ${U}(0x7f800000u));
}`,
);

export const nanHelper = defineHelper(
  "nan_like",
  (fn, { F, U }) => `fn ${fn}(x: ${F}) -> ${F} {
  return bitcast<${F}>((bitcast<${U}>(x) & ${U}(0u)) | ${U}(0x7fc00000u));
}`,
);

const extremum = (name: string, builtin: string) =>
  defineHelper(
    name,
    (fn, { F, name: n }) => `fn ${fn}(a: ${F}, b: ${F}) -> ${F} {
  return select(select(${builtin}(a, b), b, ${n(isNanHelper)}(b)), a, ${n(isNanHelper)}(a));
}`,
  );
/** max(a, b), or NaN where either is NaN. */
export const maxHelper = extremum("max_nan", "max");
export const minHelper = extremum("min_nan", "min");

/** x, but 0 where it is negative (also -0 and -Infinity); NaN stays. One comparison of bits: those
 *  of -Infinity are the last of a number, as a signed integer -0x800000. */
export const reluHelper = defineHelper(
  "relu_bits",
  (fn, { F, I }) => `fn ${fn}(x: ${F}) -> ${F} {
  return select(x, ${F}(0.0), bitcast<${I}>(x) <= ${I}(-0x800000));
}`,
);

/** eˣ: Infinity above 88.72, 0 below -104. */
export const expHelper = defineHelper(
  "exp_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let y = exp(clamp(x, ${F}(-104.0), ${F}(88.72)));
  let z = select(y, ${name(infHelper)}(x), x > ${F}(88.7228));
  return select(z, x, ${name(isNanHelper)}(x));
}`,
);

/** ln x: -Infinity at 0, NaN below. */
export const logHelper = defineHelper(
  "log_full",
  (fn, { F, U, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let bits = bitcast<${U}>(x);
  var y = select(log(x), ${name(nanHelper)}(x), bits > ${U}(0x7f800000u));
  y = select(y, -${name(infHelper)}(x), (bits & ${U}(0x7fffffffu)) == ${U}(0u));
  return select(y, x, bits == ${U}(0x7f800000u));
}`,
);

/** √x: NaN below 0. */
export const sqrtHelper = defineHelper(
  "sqrt_full",
  (fn, { F, U, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let bits = bitcast<${U}>(x);
  let y = select(sqrt(abs(x)), ${name(nanHelper)}(x), bits > ${U}(0x80000000u));
  return select(y, x, (bits == ${U}(0x7f800000u)) | ${name(isNanHelper)}(x));
}`,
);

/**
 * tanh x = 1 - 2 / (1 + e²ˣ), whose ends need no test. Below 0.4 that loses digits: there x times a
 * polynomial in x² (within 1.2e-7, fitted), which keeps NaN too. One comparison tells both: the bits
 * of NaN lie above all others, and the sum makes them negative. 0x3ea3d709 is that of 0.16.
 */
export const tanhHelper = defineHelper(
  "tanh_full",
  (fn, { F, I }) => `fn ${fn}(x: ${F}) -> ${F} {
  let q = x * x;
  let r = ${F}(0.33331882) - q * (${F}(0.13277629) - q * ${F}(0.047794221));
  let y = ${F}(1.0) - ${F}(2.0) / (${F}(1.0) + exp2(x * ${F}(2.88539008)));
  return select(y, x - x * q * r, bitcast<${I}>(q) + ${I}(0x7fffff) < ${I}(0x3ea3d709));
}`,
);

/** 1 / (1 + e⁻ˣ), 0 where that is below 1e-38; e⁻ˣ is 2 to the power of -x / ln 2. */
export const sigmoidHelper = defineHelper(
  "sigmoid_full",
  (fn, { F, name }) => `fn ${fn}(x: ${F}) -> ${F} {
  let y = ${F}(1.0) / (${F}(1.0) + exp2(x * ${F}(-1.44269504)));
  return select(y, x, ${name(isNanHelper)}(x));
}`,
);
