import type { DType } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { normalizeAxes, reducedShape, type Shape, show, sizeOf } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../elementwise/cast.ts";
import { type SampleInput, uniform } from "../samples.ts";

/** One axis, several, or all of them when none is given; negative ones count from the end. */
export type Axes = number | readonly number[] | null;

export interface ReduceOptions {
  readonly keepDims?: boolean;
  /** The elements are converted to it before. */
  readonly dtype?: DType;
}

export interface ReduceAttrs extends Attrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export const reduced = ([x]: readonly Shape[], { axes, keepDims }: ReduceAttrs): Shape =>
  reducedShape(x!, axes, keepDims);

export const reduceKey = ({ axes, keepDims }: ReduceAttrs): string =>
  `${axes.join()}${keepDims ? "k" : ""}`;

/** The shape with kept axes: a result of this shape broadcasts against the input. */
export const keptShape = (x: Tensor, axes: readonly number[]): Shape =>
  reducedShape(x.shape, axes, true);

export type Make = (shape: Shape, layout?: SampleInput["layout"]) => SampleInput;

export const samplesOf = (make: Make, empty = true): [SampleInput, ReduceAttrs][] => [
  [make([]), { axes: [], keepDims: false }],
  [make([5]), { axes: [0], keepDims: false }],
  [make([3, 4]), { axes: [1], keepDims: true }],
  [make([3, 4]), { axes: [0, 1], keepDims: false }],
  [make([3, 4], "transposed"), { axes: [0], keepDims: false }],
  [make([2, 3, 4], "sliced"), { axes: [0, 2], keepDims: false }],
  [make([3, 4], "expanded"), { axes: [1], keepDims: false }],
  [make([2, 130]), { axes: [1], keepDims: false }],
  ...(empty ? ([[make([0, 3]), { axes: [0], keepDims: false }]] as const) : []).map(
    ([x, attrs]) => [x, attrs] as [SampleInput, ReduceAttrs],
  ),
];

export const uniformly: Make = (shape, layout) => uniform(shape, -2, 2, layout);

export const attrsOf = (
  op: string,
  x: Tensor,
  axes: Axes | undefined,
  keepDims: boolean,
): ReduceAttrs => {
  // A scalar counts as one element along axis 0, as in PyTorch.
  const found = normalizeAxes(op, axes, Math.max(x.rank, 1));
  return { axes: x.rank === 0 ? [] : found, keepDims };
};

/** The tensor in the dtype that is asked for, and the attributes. */
export function reduceCall(
  op: string,
  x: Tensor,
  axes: Axes | undefined,
  options: boolean | ReduceOptions,
): [Tensor, ReduceAttrs] {
  const { keepDims = false, dtype } =
    typeof options === "boolean" ? { keepDims: options } : options;
  const attrs = attrsOf(op, x, axes, keepDims);
  return [dtype === undefined ? x : cast(x, dtype), attrs];
}

/** @throws ShapeError when a group that is reduced has no elements */
export function checkFilled(op: string, x: Tensor, axes: readonly number[]): void {
  if (axes.every((d) => x.shape[d] !== 0) || sizeOf(reducedShape(x.shape, axes, false)) === 0)
    return;
  throw new ShapeError(
    `${op}: there is no ${op} of no elements; got ${show(x.shape)} over axes ${show(axes)}. ` +
      "Check the size first.",
  );
}
