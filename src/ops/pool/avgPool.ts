import type { PoolAxis } from "../../../kernels/pool/poolWindow.ts";
import { ValueError } from "../../core/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { PerAxis } from "../conv/geometry.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { pow } from "../elementwise/power.ts";
import { mean } from "../reduce/reduce.ts";
import {
  type AdaptiveSize,
  adaptiveAxes,
  fromRows,
  slidingAxes,
  threeAxes,
  toRows,
  type WindowOptions,
} from "./geometry.ts";
import { type AvgPoolAttrs, avgPoolRows } from "./poolOps.ts";

export interface AvgPoolOptions extends Omit<WindowOptions, "dilation"> {
  /** Padded places count as zeros in the mean (the default); else only the input's places do. */
  readonly countIncludePad?: boolean;
  /** What sums are divided by, in place of the number of places. */
  readonly divisorOverride?: number | null;
}

/** Means over windows. One window over everything is a plain mean, which is a tree. */
export function averagedOver(
  x: Tensor,
  axes: readonly PoolAxis[],
  divisor: AvgPoolAttrs["divisor"],
): Tensor {
  const whole = axes.every((a) => a.out === 1 && a.kernel === a.size && a.padding === 0);
  if (whole && typeof divisor !== "number")
    return mean(
      x,
      axes.map((_, d) => d - axes.length),
      true,
    );
  const out = avgPoolRows(toRows(x, axes.length), { axes: threeAxes(axes), divisor });
  return fromRows(out, x, axes);
}

function avgPool(rank: 1 | 2 | 3) {
  const op = `avgPool${rank}d`;
  return (x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor => {
    const { countIncludePad = true, divisorOverride = null } = options;
    if (divisorOverride === 0) {
      throw new ValueError(`${op}: divisorOverride is 0. Give another number, or leave it out.`);
    }
    const axes = slidingAxes(op, x, rank, kernelSize, { ...options, dilation: 1 });
    return averagedOver(x, axes, divisorOverride ?? (countIncludePad ? "padded" : "window"));
  };
}

const adaptiveAvgPool =
  (rank: 1 | 2 | 3) =>
  (x: Tensor, outputSize: AdaptiveSize): Tensor =>
    averagedOver(x, adaptiveAxes(`adaptiveAvgPool${rank}d`, x, rank, outputSize), "window");

/** Sums of powers from means: those count a window that was cut short as if it were full. */
function lpPool(rank: 1 | 2 | 3) {
  const op = `lpPool${rank}d`;
  return (
    x: Tensor,
    normType: number,
    kernelSize: PerAxis,
    options: Pick<WindowOptions, "stride" | "ceilMode"> = {},
  ): Tensor => {
    if (!(normType > 0) || normType === Number.POSITIVE_INFINITY) {
      throw new ValueError(
        `${op}: normType is not above 0 and finite; got ${normType}. Use 2, or maxPool${rank}d.`,
      );
    }
    const axes = slidingAxes(op, x, rank, kernelSize, { ...options, padding: 0, dilation: 1 });
    const size = axes.reduce((n, axis) => n * axis.kernel, 1);
    return pow(mul(averagedOver(pow(x, normType), axes, "padded"), size), 1 / normType);
  };
}

/**
 * The mean of each window along the last axis.
 * @param x [N, C, length] or [C, length]
 * @returns [N, C, out], out = ⌊(length + 2·padding - kernelSize) / stride⌋ + 1
 * @throws ShapeError when the input or a window does not fit; ValueError for too much padding
 */
export const avgPool1d = avgPool(1);
/** As `avgPool1d`, over the last two axes of [N, C, height, width] or [C, height, width]. */
export const avgPool2d = avgPool(2);
/** As `avgPool1d`, over the last three axes of [N, C, depth, height, width] or without N. */
export const avgPool3d = avgPool(3);

/**
 * The mean of each of `outputSize` windows that cover the last axis: window o from
 * ⌊o·length/out⌋ up to ⌈(o + 1)·length/out⌉. @throws ShapeError, ValueError
 */
export const adaptiveAvgPool1d = adaptiveAvgPool(1);
/** As `adaptiveAvgPool1d`, over the last two axes; a size of null keeps the input's. */
export const adaptiveAvgPool2d = adaptiveAvgPool(2);
/** As `adaptiveAvgPool1d`, over the last three axes. */
export const adaptiveAvgPool3d = adaptiveAvgPool(3);

/**
 * (Σ xᵖ)^(1/p) of each window along the last axis, p = `normType`. A window that `ceilMode` lets
 * reach beyond the end counts as if the rest had the mean of what is there, as in PyTorch.
 * @throws ShapeError, ValueError
 */
export const lpPool1d = lpPool(1);
/** As `lpPool1d`, over the last two axes. */
export const lpPool2d = lpPool(2);
/** As `lpPool1d`, over the last three axes. */
export const lpPool3d = lpPool(3);
