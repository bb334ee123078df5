import type { PoolAxis } from "../../../kernels/pool/poolWindow.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { PerAxis } from "../conv/geometry.ts";
import { withRange } from "../range.ts";
import type { ValuesAndIndices } from "../scan/scans.ts";
import {
  type AdaptiveSize,
  adaptiveAxes,
  fromRows,
  slidingAxes,
  threeAxes,
  toRows,
  type WindowOptions,
} from "./geometry.ts";
import { maxPoolPlaces, maxPoolValues } from "./poolOps.ts";

export interface MaxPoolOptions extends WindowOptions {
  /** Gives the places of the maxima, too: int32, counted row by row in the input's spatial axes. */
  readonly returnIndices?: boolean;
}

/** Values alone, or with the places they come from. */
type Pooled<O extends { readonly returnIndices?: boolean }> = O extends {
  readonly returnIndices: true;
}
  ? ValuesAndIndices
  : Tensor;

type MaxPool = <O extends MaxPoolOptions = MaxPoolOptions>(
  x: Tensor,
  kernelSize: PerAxis,
  options?: O,
) => Pooled<O>;

type AdaptiveMaxPool = <O extends { readonly returnIndices?: boolean }>(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: O,
) => Pooled<O>;

/** The maxima over windows, and their places when they are asked for. */
function pooled(x: Tensor, axes: readonly PoolAxis[], withPlaces: boolean) {
  const rows = toRows(x, axes.length);
  const attrs = { axes: threeAxes(axes) };
  const values = fromRows(maxPoolValues(rows, attrs), x, axes);
  if (!withPlaces) return values;
  const indices = fromRows(maxPoolPlaces(rows, attrs), x, axes);
  const last = axes.reduce((n, axis) => n * axis.size, 1) - 1;
  return { values, indices: withRange(indices, [0, last]) };
}

const maxPool = (rank: 1 | 2 | 3): MaxPool =>
  ((x, kernelSize, options = {} as never) => {
    const axes = slidingAxes(`maxPool${rank}d`, x, rank, kernelSize, options);
    return pooled(x, axes, options.returnIndices === true);
  }) as MaxPool;

const adaptiveMaxPool = (rank: 1 | 2 | 3): AdaptiveMaxPool =>
  ((x, outputSize, { returnIndices = false } = {} as never) =>
    pooled(
      x,
      adaptiveAxes(`adaptiveMaxPool${rank}d`, x, rank, outputSize),
      returnIndices,
    )) as AdaptiveMaxPool;

/**
 * The largest element of each window along the last axis. The gradient goes to the first of equal
 * ones, as in PyTorch; a NaN counts as the largest.
 * @param x [N, C, length] or [C, length]
 * @returns [N, C, out], out = ⌊(length + 2·padding - dilation·(kernelSize - 1) - 1) / stride⌋ + 1;
 * with `returnIndices` `{ values, indices }`
 * @throws ShapeError when the input or a window does not fit; ValueError for too much padding
 */
export const maxPool1d: MaxPool = maxPool(1);
/** As `maxPool1d`, over the last two axes of [N, C, height, width] or [C, height, width]. */
export const maxPool2d: MaxPool = maxPool(2);
/** As `maxPool1d`, over the last three axes of [N, C, depth, height, width] or without N. */
export const maxPool3d: MaxPool = maxPool(3);

/**
 * The largest element of each of `outputSize` windows that cover the last axis: window o from
 * ⌊o·length/out⌋ up to ⌈(o + 1)·length/out⌉. Otherwise as `maxPool1d`.
 * @throws ShapeError, ValueError
 */
export const adaptiveMaxPool1d: AdaptiveMaxPool = adaptiveMaxPool(1);
/** As `adaptiveMaxPool1d`, over the last two axes; a size of null keeps the input's. */
export const adaptiveMaxPool2d: AdaptiveMaxPool = adaptiveMaxPool(2);
/** As `adaptiveMaxPool1d`, over the last three axes. */
export const adaptiveMaxPool3d: AdaptiveMaxPool = adaptiveMaxPool(3);
