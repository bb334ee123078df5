import { isFloat } from "../../core/dtype.ts";
import { DTypeError } from "../../core/errors.ts";
import { show } from "../../core/shape.ts";
import { arithmetic, defineOp, reduction } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, where } from "../elementwise/compare.ts";
import { wrap } from "../elementwise/numbers.ts";
import { expand, reshape } from "../movement/movement.ts";
import { constantLike, logical } from "../rules.ts";
import { booleans, integers } from "../samples.ts";
import {
  type Axes,
  attrsOf,
  keptShape,
  type ReduceAttrs,
  type ReduceOptions,
  reduceCall,
  reduced,
  reduceKey,
  samplesOf,
  uniformly,
} from "./reduceRules.ts";

const sumOp = defineOp<1, ReduceAttrs>({
  name: "sum",
  arity: 1,
  shape: reduced,
  dtype: arithmetic,
  forward: reduction({
    identity: () => 0,
    wgsl: (a, b) => `(${a} + ${b})`,
    js: (dtype) => wrap(dtype, (a, b) => a + b),
    additive: true,
  }),
  key: reduceKey,
  vjp: ({ g, inputs: [x], attrs }) => [expand(reshape(g, keptShape(x!, attrs.axes)), x!.shape)],
  derivative: ["g repeated over the summed axes"],
  samples: () => [
    ...samplesOf(uniformly),
    [integers([2, 3], -9, 9), { axes: [1], keepDims: false }],
    [booleans([2, 5]), { axes: [1], keepDims: false }],
  ],
});

/**
 * Sum over axes. int32 and bool give int32.
 * @param options whether to keep the axes, or that and the dtype to sum in
 * @returns the shape without the axes, or with size 1 there (`keepDims`)
 * @throws ShapeError for an unknown axis
 */
export function sum(x: Tensor, axes?: Axes, options: boolean | ReduceOptions = false): Tensor {
  return sumOp(...reduceCall("sum", x, axes, options));
}

/** NaN in the place of a sum of nothing; chosen, for a GPU may take 0 · NaN for 0. */
export const undefinedOf = (nothing: Tensor): Tensor => where(eq(nothing, 0), Number.NaN, nothing);

/**
 * Arithmetic mean over axes; NaN of no elements.
 * @throws DTypeError for whole numbers and truth values, as PyTorch does
 */
export function mean(x: Tensor, axes?: Axes, options: boolean | ReduceOptions = false): Tensor {
  const [from, attrs] = reduceCall("mean", x, axes, options);
  const count = attrs.axes.reduce((n, d) => n * x.shape[d]!, 1);
  if (!isFloat(from.dtype)) {
    throw new DTypeError(
      `mean: the mean of whole numbers is a fraction; got ${from.dtype} ${show(from.shape)}. ` +
        'Cast first: mean(x.cast("float32")).',
    );
  }
  // A sum of float16 may be too large for float16, where its mean is not.
  const total = sumOp(cast(from, "float32"), attrs);
  const out = count === 0 ? undefinedOf(total) : div(total, constantLike(count, total));
  return cast(out, from.dtype);
}

const truthOp = (name: "any" | "all", operator: "|" | "&") =>
  defineOp<1, ReduceAttrs>({
    name,
    arity: 1,
    shape: reduced,
    dtype: logical,
    forward: reduction({
      identity: () => (name === "all" ? 1 : 0),
      wgsl: (a, b) => `(${a} ${operator} ${b})`,
      js: () => (name === "all" ? (a, b) => a & b : (a, b) => a | b),
    }),
    key: reduceKey,
    vjp: null,
    nondifferentiable: "its values are true and false",
    derivative: ["none"],
    samples: () => samplesOf(booleans),
  });
const anyOp = truthOp("any", "|");
const allOp = truthOp("all", "&");

/**
 * Whether any element over axes is true (≠ 0); false of no elements.
 * @throws ShapeError for an unknown axis
 */
export const any = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  anyOp(x, attrsOf("any", x, axes, keepDims));

/**
 * Whether all elements over axes are true (≠ 0); true of no elements.
 * @throws ShapeError for an unknown axis
 */
export const all = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  allOp(x, attrsOf("all", x, axes, keepDims));
