import {
  channelMoments as momentsSource,
  channelSums as source,
} from "../../../kernels/norm/normalize.ts";
import type { Shape } from "../../core/shape.ts";
import { type BatchCall, type Composition, defineOp, kernel, vjpOf } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { expand, reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { channelMomentsReference, channelSumsReference as reference } from "./normReferences.ts";
import {
  allFloat32,
  besideChannels,
  channelAxes,
  intoGroups,
  momentsOf,
  type NormAttrs,
  outOfSecond,
  rowAxes,
  rowOf,
  unitOf,
} from "./normRules.ts";

/** What normalizations sum per channel; see normRules.ts. */

export interface SumsAttrs extends NormAttrs {
  /** Whose statistics they are: each row's, or each channel's. */
  readonly over: "rows" | "channels";
}

const axesOf = (x: Tensor, { over }: SumsAttrs): number[] =>
  over === "rows" ? rowAxes(x) : channelAxes(x);

type MomentsOp = (x: Tensor, attrs: NormAttrs) => Tensor;
type SumsOp = (g: Tensor, x: Tensor, mean: Tensor, rstd: Tensor, attrs: SumsAttrs) => Tensor;

const channelsOf = ([, g, d]: Shape): number => g! * d!;

const composedMoments: Composition<NormAttrs> = ([x], attrs) => {
  const moments = momentsOf(x!, channelAxes(x!), attrs);
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
    [uniform([70, 2, 2], -2, 2, "transposed"), PLAIN],
    [uniform([2, 1, 1, 67]), PLAIN],
  ],
});

const composedTilt: Composition<SumsAttrs> = ([g, x], attrs) => {
  const unit = unitOf(x!, axesOf(x!, attrs), attrs);
  return reshape(sum(mul(g!, unit), channelAxes(g!)), [channelsOf(x!.shape)]);
};

const sumsSample = (shape: Shape, over: SumsAttrs["over"], centered = true) =>
  [uniform(shape), uniform(shape), { ...PLAIN, over, centered }] as [
    SampleInput,
    SampleInput,
    SumsAttrs,
  ];

/** The statistics that a sample's x has, as the op takes them: mean and rstd [N, G]. */
function savedOf(x: Tensor, attrs: SumsAttrs): [Tensor, Tensor] {
  const stats = momentsOf(x, axesOf(x, attrs), attrs);
  const [n, groups] = x.shape as [number, number];
  const rows = [attrs.over === "rows" ? n : 1, groups];
  const ofAll = (row: number) => expand(reshape(rowOf(stats, row), rows), [n, groups]);
  return [ofAll(0), ofAll(1)];
}

const sums = (output: 0 | 1) =>
  kernel({
    family: "channelSums",
    output,
    outputs: (_, [g]) => {
      const out = { shape: [channelsOf(g!.shape)], dtype: "float32" } as const;
      return [out, out];
    },
    strided: () => true,
    source,
    reference,
  });

const sumsSamples = (): [SampleInput, SampleInput, SumsAttrs][] => [
  sumsSample([3, 2, 1, 4], "channels"),
  sumsSample([66, 1, 3], "rows"),
  sumsSample([2, 2, 3, 20], "rows"),
  sumsSample([4, 1, 5], "rows", false),
];

/** All examples at once: each has channels of its own. */
const batchSums =
  (op: SumsOp) =>
  (call: BatchCall<SumsAttrs>): Tensor | null => {
    if (call.size === 0) return null;
    const [g, x, mean, rstd] = spread(call).map(intoGroups) as [Tensor, Tensor, Tensor, Tensor];
    const out = op(g, x, mean, rstd, call.attrs);
    return reshape(out, [call.size, out.size / call.size]);
  };

/** Σ g·u per channel, [G·D], with u = (x - mean)·rstd: what the weight gets. */
export const channelTilt: SumsOp = defineOp<4, SumsAttrs>({
  name: "channelTilt",
  arity: 4,
  shape: ([g]) => [channelsOf(g!)],
  dtype: allFloat32,
  forward: sums(0),
  composed: composedTilt,
  vjp: (call) => vjpOf(composedTilt)(call) as [Tensor, Tensor, null, null],
  batch: batchSums((...call) => channelTilt(...call)),
  operands: ["h", "x", "mean", "rstd"],
  derivative: ["g·u for u = (x - mean)·rstd", "that of the composition", "none", "none"],
  samples: sumsSamples,
  sampleCall: ((g: Tensor, x: Tensor, attrs: SumsAttrs) =>
    channelTilt(g, x, ...savedOf(x, attrs), attrs)) as never,
});

/** Σ g per channel, [G·D], from the launch of `channelTilt`: what the bias gets. */
export const channelLevel: SumsOp = defineOp<4, SumsAttrs>({
  name: "channelLevel",
  arity: 4,
  shape: ([g]) => [channelsOf(g!)],
  dtype: allFloat32,
  forward: sums(1),
  composed: ([g]) => reshape(sum(g!, channelAxes(g!)), [channelsOf(g!.shape)]),
  vjp: ({ g, inputs: [h] }) => [expand(besideChannels(g, h!), h!.shape), null, null, null],
  batch: batchSums((...call) => channelLevel(...call)),
  operands: ["h", "x", "mean", "rstd"],
  derivative: ["g repeated over the summed axes", "none", "none", "none"],
  samples: sumsSamples,
  sampleCall: ((g: Tensor, x: Tensor, attrs: SumsAttrs) =>
    channelLevel(g, x, ...savedOf(x, attrs), attrs)) as never,
});
