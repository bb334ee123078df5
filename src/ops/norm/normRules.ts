import type { DType } from "../../core/dtype.ts";
import type { Attrs } from "../../core/ir.ts";
import type { Composition, DTypeRule } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, square, sub } from "../elementwise/arithmetic.ts";
import { rsqrt } from "../elementwise/elementwise.ts";
import { stack } from "../movement/join.ts";
import { expand, permute, reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { mean } from "../reduce/reduce.ts";
import { constantLike } from "../rules.ts";
import { centralMoments, type Moments } from "./affine.ts";

/**
 * What the fused normalizations share. They see x as [N, G, D, S]: N examples, G groups of D
 * channels, S places; or [N, G, D] where there is one place. Statistics are of rows n, g (layer, group, instance and RMS normalization)
 * or of channels g, d (batch normalization); weight and bias are per channel, [G·D].
 */
export interface NormAttrs extends Attrs {
  /** Added to the variance. */
  readonly eps: number;
  /** By the mean and the variance; else by the mean square. */
  readonly centered: boolean;
  /** Whether there are a weight and a bias: x stands in the place of one that there is not. */
  readonly weight: boolean;
  readonly bias: boolean;
}

/** The axes over which rows, or channels, have statistics; without places there are three. */
export const rowAxes = (x: Tensor): number[] => (x.rank === 4 ? [2, 3] : [2]);
export const channelAxes = (x: Tensor): number[] => (x.rank === 4 ? [0, 3] : [0]);

/** Sizes of N, G, D, S; the axis of one place is left out. */
export const withoutOne = ([n, g, d, s]: readonly number[]): number[] =>
  s === 1 ? [n!, g!, d!] : [n!, g!, d!, s!];

export const allFloat32 = (dtypes: readonly DType[]): DTypeRule => ({
  operands: dtypes.map(() => "float32"),
  result: "float32",
});

/** Mean (0 where it is not taken away) and variance over some axes, which keep size 1. */
export function spreadOf(x: Tensor, axes: readonly number[], { centered }: NormAttrs): Moments {
  if (centered) return centralMoments(x, axes);
  const variance = mean(square(x), axes, true);
  return { mean: expand(constantLike(0, x), variance.shape), variance };
}

/** (x - mean) · rstd by the statistics over some axes. */
export function unitOf(x: Tensor, axes: readonly number[], attrs: NormAttrs): Tensor {
  const { mean, variance } = spreadOf(x, axes, attrs);
  return mul(sub(x, mean), rsqrt(add(variance, attrs.eps)));
}

/** Mean, 1 / √(variance + eps) and variance over some axes, [3, …the other axes]. */
export function momentsOf(x: Tensor, axes: readonly number[], attrs: NormAttrs): Tensor {
  const { mean, variance } = spreadOf(x, axes, attrs);
  const rest = x.shape.filter((_, d) => !axes.includes(d));
  return reshape(stack([mean, rsqrt(add(variance, attrs.eps)), variance]), [3, ...rest]);
}

/** One row of saved statistics or of sums: `row` of t [rows, …]. */
export const rowOf = (t: Tensor, row: number): Tensor =>
  reshape(narrow(t, 0, row, 1), t.shape.slice(1));

/** [C] as [1, G, D, 1]: against x [N, G, D, S]. */
export const besideChannels = (part: Tensor, x: Tensor): Tensor =>
  reshape(part, [1, x.shape[1]!, x.shape[2]!, 1].slice(0, x.rank));

/** Rows by unit mean and variance, times the weight, plus the bias: from plain ops. */
export const composedRows: Composition<NormAttrs> = ([x, w, b], attrs) => {
  const unit = unitOf(x!, rowAxes(x!), attrs);
  const raised = attrs.weight ? mul(unit, besideChannels(w!, x!)) : unit;
  return attrs.bias ? add(raised, besideChannels(b!, x!)) : raised;
};

// ---- A batch of them: one axis more in front ----------------------------------------------------

/** Examples of a batch as more examples: [B, N, …] to [B·N, …]. */
export const intoExamples = (x: Tensor): Tensor =>
  reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]);

/** Examples of a batch as more groups: [B, N, G, …] to [N, B·G, …]. */
export function intoGroups(x: Tensor): Tensor {
  const moved = permute(x, [1, 0, ...x.shape.map((_, d) => d).slice(2)]);
  const [n, size, groups, ...rest] = moved.shape as [number, number, number, ...number[]];
  return reshape(moved, [n, size * groups, ...rest]);
}

/** Results with the batch inside, [K, B·M, …] to [B, K, M, …]. */
export function outOfSecond(out: Tensor, size: number): Tensor {
  const [k, joined, ...rest] = out.shape as [number, number, ...number[]];
  const apart = reshape(out, [k, size, joined / size, ...rest]);
  return permute(apart, [1, 0, ...apart.shape.map((_, d) => d).slice(2)]);
}
