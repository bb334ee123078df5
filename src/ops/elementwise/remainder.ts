import { invoke, isNanHelper, nanHelper } from "../../../kernels/math/floatHelpers.ts";
import {
  floorQuotientHelper,
  fmodHelper,
  remainderHelper,
  truncQuotientHelper,
} from "../../../kernels/math/remainderHelpers.ts";
import type { DType } from "../../core/dtype.ts";
import { ValueError } from "../../core/errors.ts";
import type { Helper, Lanes } from "../../core/ir.ts";
import {
  arithmetic,
  type Binary,
  broadcasting,
  defineOp,
  pointwise,
  type VjpCall,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { binarySamples, exactly, integers, uniform } from "../samples.ts";
import { mul, neg, div as quotient } from "./arithmetic.ts";
import { wrap } from "./numbers.ts";

/** Floats are exact: WGSL's own remainder is not. Whole numbers stay whole; beside 0 they are 0. */

type Number2 = (a: number, b: number) => number;

interface Definition {
  readonly helper: Helper;
  readonly uses: readonly Helper[];
  readonly float: Number2;
  /** WGSL of whole numbers, whose divisor is not 0. */
  readonly whole: (a: string, b: string, lanes: Lanes) => string;
  readonly js: Number2;
  readonly vjp: (call: VjpCall) => [Tensor, Tensor];
  readonly derivative: readonly [string, string];
}

/** The remainder differs from 0 and has not the sign of the divisor. */
const crosses = (a: string, b: string, zero: string) =>
  `(((${a} % ${b}) != ${zero}) & (((${a} % ${b}) < ${zero}) != (${b} < ${zero})))`;

const isWhole = (dtype: DType): boolean => dtype === "int32" || dtype === "uint32";

function wholeText(def: Definition, [a, b]: readonly string[], lanes: Lanes): string {
  const type = lanes.type(lanes.dtype);
  const divisor = `select(${b}, ${type}(1), ${b} == ${type}(0))`;
  return `select(${def.whole(a!, divisor, lanes)}, ${type}(0), ${b} == ${type}(0))`;
}

function dividing(name: string, def: Definition): Binary {
  return defineOp<2>({
    name,
    arity: 2,
    shape: broadcasting(name),
    dtype: arithmetic,
    forward: pointwise({
      wgsl: (args, lanes) =>
        isWhole(lanes.dtype)
          ? wholeText(def, args, lanes)
          : invoke(def.helper, lanes, args[0]!, args[1]!),
      js: (_, dtype) =>
        isWhole(dtype) ? wrap(dtype, (a, b) => (b === 0 ? 0 : def.js(a, b))) : def.float,
      weight: 12,
      helpers: [def.helper, ...def.uses],
    }),
    vjp: def.vjp,
    derivative: def.derivative,
    samples: () => [
      ...binarySamples(
        (shape, layout) => uniform(shape, -2.7, -2.2, layout),
        (shape, layout) => uniform(shape, 0.95, 1.05, layout),
      ).slice(2, 5),
      [integers([3, 4], -9, 9), exactly([4], [-4, 3, 0, 5], "int32")],
      [integers([4], 0, 90, "uint32"), exactly([4], [4, 3, 0, 5], "uint32")],
    ],
  });
}

/** NaN stays: adding b to it changes nothing. */
const away = (r: number, b: number): boolean => r !== 0 && r < 0 !== b < 0;

/** a - b·trunc(a / b): the remainder with the sign of a; NaN for b = 0, 0 for whole numbers. */
export const fmod: Binary = dividing("fmod", {
  helper: fmodHelper,
  uses: [],
  float: (a, b) => a % b,
  whole: (a, b) => `(${a} % ${b})`,
  js: (a, b) => a % b,
  vjp: ({ g, inputs: [a, b] }) => [g, neg(mul(g, truncDivide(a!, b!)))],
  derivative: ["g", "-g·trunc(a / b)"],
});

/** a - b·⌊a / b⌋: the remainder with the sign of b; NaN for b = 0, 0 for whole numbers. */
export const remainder: Binary = dividing("remainder", {
  helper: remainderHelper,
  uses: [fmodHelper, isNanHelper],
  float: (a, b) => (away(a % b, b) ? (a % b) + b : a % b),
  whole: (a, b, lanes) => {
    const zero = `${lanes.type(lanes.dtype)}(0)`;
    return `((${a} % ${b}) + select(${zero}, ${b}, ${crosses(a, b, zero)}))`;
  },
  js: (a, b) => (away(a % b, b) ? (a % b) + b : a % b),
  vjp: ({ g, inputs: [a, b] }) => [g, neg(mul(g, floorDivide(a!, b!)))],
  derivative: ["g", "-g·⌊a / b⌋"],
});

const flat = ({ g }: VjpCall): [Tensor, Tensor] => [mul(g, 0), mul(g, 0)];

const truncDivide: Binary = dividing("truncDivide", {
  helper: truncQuotientHelper,
  uses: [fmodHelper, isNanHelper],
  float: (a, b) => {
    const r = a % b;
    return Number.isNaN(r) ? Math.trunc(a / b) : Math.round((a - r) / b);
  },
  whole: (a, b) => `(${a} / ${b})`,
  js: (a, b) => Math.trunc(a / b),
  vjp: flat,
  derivative: ["0", "0"],
});

/** ⌊a / b⌋; whole numbers stay whole, and give 0 for b = 0; a / 0 = ±∞ for floats. Slope 0. */
export const floorDivide: Binary = dividing("floorDivide", {
  helper: floorQuotientHelper,
  uses: [fmodHelper, isNanHelper, nanHelper],
  float: (a, b) => {
    const r = a % b;
    if (b === 0) return a / b;
    return Math.round((a - r) / b) - (away(r, b) ? 1 : 0);
  },
  whole: (a, b, lanes) => {
    const type = lanes.type(lanes.dtype);
    return `((${a} / ${b}) - select(${type}(0), ${type}(1), ${crosses(a, b, `${type}(0)`)}))`;
  },
  js: (a, b) => Math.floor(a / b),
  vjp: flat,
  derivative: ["0", "0"],
});

export interface DivisionOptions {
  /** Rounds the quotient towards 0 or down; whole numbers then stay whole. */
  readonly roundingMode?: "trunc" | "floor" | null;
}

/**
 * a / b, element-wise, float; or rounded, with slope 0, taken from the exact remainder.
 * @throws ValueError for an unknown rounding mode
 */
export const div: (...args: [...Parameters<Binary>, options?: DivisionOptions]) => Tensor = (
  a,
  b,
  { roundingMode = null } = {},
) => {
  if (roundingMode === null) return quotient(a, b);
  if (roundingMode === "floor") return floorDivide(a, b);
  if (roundingMode === "trunc") return truncDivide(a, b);
  throw new ValueError(
    `div: unknown rounding mode; got "${String(roundingMode)}". Use "trunc", "floor" or null.`,
  );
};

/** a / b, element-wise, float: `div` without rounding. */
export const trueDivide: Binary = (a, b) => quotient(a, b);
