import {
  channelMoments as momentsSource,
  channelSums as sumsSource,
} from "../../../kernels/norm/normalize.ts";
import type { Shape } from "../../core/shape.ts";
import { type Composition, defineOp, kernel, vjpOf } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { stack } from "../movement/join.ts";
import { expand, reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { channelMomentsReference, channelSumsReference } from "./normReferences.ts";
import {
  allFloat32,
  CHANNELS,
  intoGroups,
  momentsOf,
  type NormAttrs,
  outOfSecond,
  ROWS,
  rowOf,
  unitOf,
} from "./normRules.ts";

/** What normalizations sum per channel; see normRules.ts. */

export interface SumsAttrs extends NormAttrs {
  /** Whose statistics they are: each row's, or each channel's. */
  readonly over: "rows" | "channels";
}

type MomentsOp = (x: Tensor, attrs: NormAttrs) => Tensor;
type SumsOp = (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, attrs: SumsAttrs) => Tensor;

const channelsOf = ([, g, d]: Shape): number => g! * d!;

const composedMoments: Composition<NormAttrs> = ([x], attrs) => {
  const moments = momentsOf(x!, CHANNELS, attrs);
  return reshape(moments, [3, channelsOf(x!.shape)]);
};

const PLAIN = { eps: 0.1, centered: true, weight: false, bias: false };

/** Mean, rstd and variance of each channel, [3, G·D]. */
export const channelMoments: MomentsOp = defineOp<1, NormAttrs>({
  name: "channelMoments",
  arity: 1,
  shape: ([x]) => [3, channelsOf(x!)],
  dtype: allFloat32,
  forward: kernel({
    family: "channelMoments",
    outputs: (_, [x]) => [{ shape: [3, channelsOf(x!.shape)], dtype: "float32" }],
    strided: () => true,
    source: momentsSource,
    reference: channelMomentsReference,
  }),
  composed: composedMoments,
  vjp: (call) => vjpOf(composedMoments)(call) as [Tensor],
  batch: (call) => {
    if (call.size === 0) return null;
    return outOfSecond(channelMoments(intoGroups(call.inputs[0]!), call.attrs), call.size);
  },
  derivative: ["that of mean, 1 / √(variance + eps) and variance"],
  samples: () => [
    [uniform([3, 2, 1, 5]), PLAIN],
    [uniform([70, 2, 2, 1], -2, 2, "transposed"), PLAIN],
    [uniform([2, 1, 1, 67]), PLAIN],
  ],
});

const composedSums: Composition<SumsAttrs> = ([g, x], attrs) => {
  const unit = unitOf(x!, attrs.over === "rows" ? ROWS : CHANNELS, attrs);
  const both = [sum(mul(g!, unit), CHANNELS), sum(g!, CHANNELS)];
  return reshape(stack(both), [2, channelsOf(x!.shape)]);
};

const sumsSample = (shape: Shape, over: SumsAttrs["over"], centered = true) =>
  [uniform(shape), uniform(shape), { ...PLAIN, over, centered }] as [
    SampleInput,
    SampleInput,
    SumsAttrs,
  ];

/** The statistics that a sample's x has, as the op takes them: mean and rstd [N, G]. */
function savedOf(x: Tensor, attrs: SumsAttrs): [Tensor, Tensor] {
  const stats = momentsOf(x, attrs.over === "rows" ? ROWS : CHANNELS, attrs);
  const [n, groups] = x.shape as [number, number];
  const rows = [attrs.over === "rows" ? n : 1, groups];
  const ofAll = (row: number) => expand(reshape(rowOf(stats, row), rows), [n, groups]);
  return [ofAll(0), ofAll(1)];
}

/** Σ g·u and Σ g per channel, [2, G·D], with u = (x - mean)·rstd: what weight and bias get. */
export const channelSums: SumsOp = defineOp<4, SumsAttrs>({
  name: "channelSums",
  arity: 4,
  shape: ([g]) => [2, channelsOf(g!)],
  dtype: allFloat32,
  forward: kernel({
    family: "channelSums",
    outputs: (_, [g]) => [{ shape: [2, channelsOf(g!.shape)], dtype: "float32" }],
    strided: () => true,
    source: sumsSource,
    reference: channelSumsReference,
  }),
  composed: composedSums,
  vjp: (call) => vjpOf(composedSums)(call) as [Tensor, Tensor, null, null],
  batch: (call) => {
    if (call.size === 0) return null;
    const [g, x, mean, rstd] = spread(call).map(intoGroups) as [Tensor, Tensor, Tensor, Tensor];
    return outOfSecond(channelSums(g, x, mean, rstd, call.attrs), call.size);
  },
  operands: ["g", "x", "mean", "rstd"],
  derivative: ["that of the composition", "that of the composition", "none", "none"],
  samples: () => [
    sumsSample([3, 2, 1, 4], "channels"),
    sumsSample([66, 1, 3, 1], "rows"),
    sumsSample([2, 2, 3, 20], "rows"),
    sumsSample([4, 1, 5, 1], "rows", false),
  ],
  sampleCall: ((g: Tensor, x: Tensor, attrs: SumsAttrs) =>
    channelSums(g, x, ...savedOf(x, attrs), attrs)) as never,
});
