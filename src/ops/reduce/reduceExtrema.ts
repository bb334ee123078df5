import { isNanHelper, maxHelper, minHelper } from "../../../kernels/math/floatHelpers.ts";
import { type DType, isFloat } from "../../core/dtype.ts";
import { normalizeAxis } from "../../core/shape.ts";
import { defineOp, promoting, reduction, type VjpCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { indexAlong } from "../creation/iota.ts";
import { div } from "../elementwise/arithmetic.ts";
import { cast } from "../elementwise/cast.ts";
import { eq, isNan, logicalAnd, logicalOr, where } from "../elementwise/compare.ts";
import { extremeText } from "../elementwise/extrema.ts";
import { reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { constantLike } from "../rules.ts";
import { distinct, integers } from "../samples.ts";
import { sum } from "./reduce.ts";
import {
  type Axes,
  attrsOf,
  checkFilled,
  keptShape,
  type ReduceAttrs,
  reduced,
  reduceKey,
  samplesOf,
} from "./reduceRules.ts";

/** Where x is the extremum of its group: equal, or both NaN. */
export function matches(x: Tensor, extremum: Tensor): Tensor {
  const equal = eq(x, extremum);
  if (!isFloat(x.dtype)) return equal;
  return logicalOr(equal, logicalAnd(isNan(x), isNan(extremum)));
}

const shareTies = ({ g, out, inputs: [x], attrs }: VjpCall<ReduceAttrs>): [Tensor] => {
  const kept = keptShape(x!, attrs.axes);
  const hit = matches(x!, reshape(out, kept));
  const ties = sum(cast(hit, "float32"), attrs.axes, true);
  return [where(hit, div(reshape(g, kept), ties), 0)];
};

const lowest: Record<DType, number> = {
  float32: Number.NEGATIVE_INFINITY,
  float16: Number.NEGATIVE_INFINITY,
  int32: -(2 ** 31),
  uint32: 0,
  bool: 0,
};
const highest: Record<DType, number> = {
  float32: Number.POSITIVE_INFINITY,
  float16: Number.POSITIVE_INFINITY,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  bool: 1,
};

const extremeOp = (name: "max" | "min") =>
  defineOp<1, ReduceAttrs>({
    name,
    arity: 1,
    shape: reduced,
    dtype: promoting,
    forward: reduction({
      identity: (dtype) => (name === "max" ? lowest : highest)[dtype],
      wgsl: (a, b, lanes) => extremeText(name, { ...lanes, args: [lanes.dtype] }, a, b),
      js: () => Math[name],
      helpers: [name === "max" ? maxHelper : minHelper, isNanHelper],
    }),
    key: reduceKey,
    vjp: shareTies,
    derivative: [`g·1[x = ${name}] / ties`],
    samples: () => [
      ...samplesOf((shape, layout) => distinct(shape, 0.25, layout), false).filter(
        ([x]) => x.layout !== "expanded",
      ),
      [integers([2, 3], -9, 9), { axes: [1], keepDims: false }],
    ],
  });
const maxOp = extremeOp("max");
const minOp = extremeOp("min");

function extremum(op: "max" | "min", x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor {
  const attrs = attrsOf(op, x, axes, keepDims);
  checkFilled(op, x, attrs.axes);
  return (op === "max" ? maxOp : minOp)(x, attrs);
}

/**
 * Largest element over axes; NaN when one is NaN. Ties share the gradient equally.
 * @throws ShapeError for an unknown axis, or of no elements
 */
export const max = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  extremum("max", x, axes, keepDims);

/** Smallest element over axes; otherwise as `max`. */
export const min = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  extremum("min", x, axes, keepDims);

/** PyTorch's names of the reductions that give values only. */
export { max as amax, min as amin };

/** Where the extremum stands: the first of equal ones; a NaN counts as the extremum. */
function place(op: "argmax" | "argmin", x: Tensor, axis: number | undefined, keepDims: boolean) {
  const flat = axis === undefined || x.rank === 0 ? reshape(x, [x.size]) : x;
  const at = axis === undefined ? 0 : normalizeAxis(op, axis, flat.rank);
  checkFilled(op, flat, [at]);
  const best = (op === "argmax" ? max : min)(flat, at, true);
  const n = flat.shape[at]!;
  const index = indexAlong(flat, at);
  const found = min(where(matches(flat, best), index, constantLike(n, index)), at, keepDims);
  const shape = x.shape.map(() => 1);
  return withRange(flat !== x && keepDims ? reshape(found, shape) : found, [0, n - 1]);
}

/**
 * Index of the largest element along an axis, or in the flattened tensor; int32; the first of
 * equal ones; NaN counts as the largest. No gradient.
 * @throws ShapeError for an unknown axis, or of no elements
 */
export const argmax = (x: Tensor, axis?: number, keepDims = false): Tensor =>
  place("argmax", x, axis, keepDims);

/** Index of the smallest element; otherwise as `argmax`. No gradient. */
export const argmin = (x: Tensor, axis?: number, keepDims = false): Tensor =>
  place("argmin", x, axis, keepDims);
