import type { Attrs } from "../../core/ir.ts";
import {
  broadcasting,
  type Composition,
  defineOp,
  pointwise,
  type VjpCall,
  vjpOf,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { rsqrt } from "../elementwise/elementwise.ts";
import { expand, reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { centralMoments, perChannel } from "./affine.ts";
import { channelLevel, channelTilt } from "./channelOps.ts";
import { allFloat32, withoutOne } from "./normRules.ts";

/**
 * Batch normalization of x [N, C, …] element by element, by statistics that were computed before:
 * it fuses with its neighbours. Its derivative is that of the whole, statistics included.
 */
export interface BatchAttrs extends Attrs {
  /** Added to the variance. */
  readonly eps: number;
  /** Axes of one x: batched, there may be more in front. */
  readonly rank: number;
}

/** Weight, bias, mean and rstd have the shape [1, C, 1, …] each; weight and bias may be numbers. */
type ApplyOp = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  mean: Tensor,
  rstd: Tensor,
  attrs: BatchAttrs,
) => Tensor;

/** Of one x [N, C, …]: `count` elements have a channel's statistics. */
interface GradAttrs extends BatchAttrs {
  readonly count: number;
}

/** Σ g·u and Σ g per channel, then the saved mean and rstd, in the shape [1, C, 1, …]. */
type GradOp = (
  g: Tensor,
  x: Tensor,
  weight: Tensor,
  tilt: Tensor,
  level: Tensor,
  mean: Tensor,
  rstd: Tensor,
  attrs: GradAttrs,
) => Tensor;

/** All axes but the channel's. */
function axesOf(x: Tensor, rank: number): number[] {
  const first = x.rank - rank;
  return x.shape.flatMap((_, d) => (d >= first && d !== first + 1 ? [d] : []));
}

/** The mean and 1 / √(variance + eps) of each channel. */
function statisticsOf(x: Tensor, { eps, rank }: BatchAttrs): [Tensor, Tensor] {
  const { mean, variance } = centralMoments(x, axesOf(x, rank));
  return [mean, rsqrt(add(variance, eps))];
}

function unitsOf(x: Tensor, attrs: BatchAttrs): Tensor {
  const [mean, rstd] = statisticsOf(x, attrs);
  return mul(sub(x, mean), rstd);
}

const composed: Composition<BatchAttrs> = ([x, w, b], attrs) =>
  add(mul(unitsOf(x!, attrs), w!), b!);

/** [N, C, …] as [N, C, 1, places]; without places as [N, C, 1]. */
export function asChannels(x: Tensor): Tensor {
  const [n, channels] = x.shape as [number, number];
  return reshape(x, withoutOne([n, channels, 1, x.size / (n * channels)]));
}

type Gradients = [Tensor, Tensor, Tensor, null, null];

function vjp(call: VjpCall<BatchAttrs>): Gradients {
  const { g, inputs, attrs } = call;
  const [x, w, , mean, rstd] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  // Several at once, by vmap: each has channels of its own.
  if (g.rank !== attrs.rank) return vjpOf(composed)(call) as Gradients;
  const [n, channels] = x.shape as [number, number];
  const ofAll = (t: Tensor) => expand(reshape(t, [1, channels]), [n, channels]);
  const kind = { eps: attrs.eps, centered: true, weight: false, bias: false };
  const given = [asChannels(g), asChannels(x), ofAll(mean), ofAll(rstd)] as const;
  const beside = (t: Tensor) => reshape(t, perChannel(x));
  const tilt = beside(channelTilt(...given, { ...kind, over: "channels" }));
  const level = beside(channelLevel(...given, { ...kind, over: "channels" }));
  const count = x.size / channels;
  const dx = normalizeBatchGrad(g, x, w, tilt, level, mean, rstd, { ...attrs, count });
  return [dx, tilt, level, null, null];
}

const rank3 = { eps: 0.1, rank: 3 };
const samples = (): [SampleInput, SampleInput, SampleInput, BatchAttrs][] => [
  [uniform([3, 2, 2]), uniform([1, 2, 1], 0.5, 2), uniform([1, 2, 1]), rank3],
  [uniform([4, 3], -2, 2, "transposed"), uniform([1, 3]), uniform([1, 3]), { ...rank3, rank: 2 }],
];

/** (x - mean) · rstd · weight + bias. */
export const normalizeBatch: ApplyOp = defineOp<5, BatchAttrs>({
  name: "normalizeBatch",
  arity: 5,
  shape: broadcasting("normalizeBatch"),
  dtype: allFloat32,
  forward: pointwise({
    wgsl: ([x, w, b, mean, rstd]) => `((${x} - ${mean}) * ${rstd} * ${w} + ${b})`,
    js: () => (x, w, b, mean, rstd) => (x! - mean!) * rstd! * w! + b!,
    weight: 4,
  }),
  composed,
  vjp,
  operands: ["x", "w", "b", "mean", "rstd"],
  derivative: [
    "rstd·w·(g - mean(g) - u·mean(g·u)) for u = (x - mean)·rstd",
    "Σ g·u for u = (x - mean)·rstd",
    "Σ g",
    "none",
    "none",
  ],
  samples,
  sampleCall: ((x: Tensor, w: Tensor, b: Tensor, attrs: BatchAttrs) =>
    normalizeBatch(x, w, b, ...statisticsOf(x, attrs), attrs)) as never,
});

const composedGrad: Composition<GradAttrs> = ([g, x, w], attrs, pullback) => {
  const scaled = ([x, w]: readonly Tensor[]) => mul(unitsOf(x!, attrs), w!);
  return pullback(scaled, [x!, w!], g!)[0]!;
};

/** d(Σ g·y)/dx of y = `normalizeBatch`(x, w, …), by sums and statistics that are given. */
const normalizeBatchGrad: GradOp = defineOp<7, GradAttrs>({
  name: "normalizeBatchBackward",
  arity: 7,
  shape: broadcasting("normalizeBatchBackward"),
  dtype: allFloat32,
  forward: pointwise({
    wgsl: ([g, x, w, tilt, level, mean, rstd], lanes, attrs) => {
      const share = `${lanes.type("float32")}(f32(${1 / (attrs as GradAttrs).count}))`;
      const unit = `((${x} - ${mean}) * ${rstd})`;
      return `(${rstd} * ${w} * ((${g} - ${level} * ${share}) - ${unit} * (${tilt} * ${share})))`;
    },
    js: (attrs) => (g, x, w, tilt, level, mean, rstd) => {
      const { count } = attrs as GradAttrs;
      return rstd! * w! * (g! - level! / count - ((x! - mean!) * rstd! * tilt!) / count);
    },
    weight: 10,
  }),
  composed: composedGrad,
  vjp: (call) => {
    const found = vjpOf(composedGrad)(call);
    return [found[0]!, found[1]!, found[2]!, null, null, null, null];
  },
  operands: ["g", "x", "w", "tilt", "level", "mean", "rstd"],
  derivative: [
    ...["that of the composition", "that of the composition", "that of the composition"],
    ...["none", "none", "none", "none"],
  ],
  samples: () =>
    samples().map(([x, w, , attrs]): [SampleInput, SampleInput, SampleInput, GradAttrs] => {
      const count = x.shape.reduce((a, n) => a * n, 1) / x.shape[1]!;
      return [uniform(x.shape), x, w, { ...attrs, count }];
    }),
  sampleCall: ((g: Tensor, x: Tensor, w: Tensor, attrs: GradAttrs) => {
    const [mean, rstd] = statisticsOf(x, attrs);
    const axes = axesOf(x, attrs.rank);
    const tilt = sum(mul(g, unitsOf(x, attrs)), axes, true);
    return normalizeBatchGrad(g, x, w, tilt, sum(g, axes, true), mean, rstd, attrs);
  }) as never,
});
