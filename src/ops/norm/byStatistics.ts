import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, sub } from "../elementwise/arithmetic.ts";
import { cast, widened } from "../elementwise/cast.ts";
import { rsqrt } from "../elementwise/elementwise.ts";
import { reshape } from "../movement/movement.ts";
import { constantLike } from "../rules.ts";
import { type Moments, perChannel } from "./affine.ts";
import { asChannels, normalizeBatch } from "./batchOps.ts";
import { channelMoments } from "./channelOps.ts";
import {
  besideChannels,
  channelAxes,
  type NormAttrs,
  rowAxes,
  rowOf,
  spreadOf,
  withoutOne,
} from "./normRules.ts";
import { normalizeRows, rowMoments } from "./rowOps.ts";

/** A normalized tensor, with the mean and the variance that were used. */
export interface Normalized {
  readonly output: Tensor;
  /** [C], or [N, G] for rows. */
  readonly moments: Moments;
}

type Part = Tensor | null;

/** What the kernels take: float32 (float16 is composed), and an eps that can be written out. */
const fits = (eps: number, ...parts: readonly Part[]): boolean =>
  Math.abs(eps) < 3e38 && parts.every((part) => part === null || part.dtype === "float32");

/** From plain ops, on [N, G, D, S]; the moments of float16 are float32. */
function fromPlainOps(
  x: Tensor,
  axes: readonly number[],
  [weight, bias]: readonly [Part, Part],
  attrs: NormAttrs,
): Normalized {
  const wide = widened(x);
  const { mean, variance } = spreadOf(wide, axes, attrs);
  const unit = cast(mul(sub(wide, mean), rsqrt(add(variance, attrs.eps))), x.dtype);
  const raised = weight ? mul(unit, besideChannels(weight, x)) : unit;
  const output = bias ? add(raised, besideChannels(bias, x)) : raised;
  return { output, moments: { mean, variance } };
}

/**
 * x by the statistics of its rows: as [N, G, D, S] each n, g is one. Weight and bias have an
 * element for each g, d.
 */
export function byRow(
  x: Tensor,
  sizes: readonly number[],
  weight: Part,
  bias: Part,
  { eps, centered = true }: { readonly eps: number; readonly centered?: boolean },
): Normalized {
  const rows = reshape(x, withoutOne(sizes));
  const [w, b] = [weight, bias].map((part) => part && reshape(part, [sizes[1]! * sizes[2]!]));
  const attrs = { eps, centered, weight: weight !== null, bias: bias !== null };
  if (!fits(eps, x, weight, bias)) {
    const { output, moments } = fromPlainOps(rows, rowAxes(rows), [w!, b!], attrs);
    const flat = (t: Tensor) => reshape(t, sizes.slice(0, 2));
    const [mean, variance] = [flat(moments.mean), flat(moments.variance)];
    return { output: reshape(output, x.shape), moments: { mean, variance } };
  }
  const inputs = [rows, w ?? rows, b ?? rows] as const;
  const stats = rowMoments(...inputs, attrs);
  const output = reshape(normalizeRows(...inputs, attrs), x.shape);
  return { output, moments: { mean: rowOf(stats, 0), variance: rowOf(stats, 2) } };
}

/** x [N, C, …] by the statistics of its channels. */
export function byChannel(x: Tensor, weight: Part, bias: Part, eps: number): Normalized {
  const channels = asChannels(x);
  const attrs = { eps, centered: true, weight: false, bias: false };
  if (!fits(eps, x, weight, bias)) {
    const { output, moments } = fromPlainOps(
      channels,
      channelAxes(channels),
      [weight, bias],
      attrs,
    );
    const flat = (t: Tensor) => reshape(t, [x.shape[1]!]);
    const [mean, variance] = [flat(moments.mean), flat(moments.variance)];
    return { output: reshape(output, x.shape), moments: { mean, variance } };
  }
  const stats = channelMoments(channels, attrs);
  const [mean, rstd, variance] = [0, 1, 2].map((row) => rowOf(stats, row));
  const beside = (part: Tensor) => reshape(part, perChannel(x));
  const w = weight ? beside(weight) : constantLike(1, x);
  const b = bias ? beside(bias) : constantLike(0, x);
  const kind = { eps, rank: x.rank };
  const output = normalizeBatch(x, w, b, beside(mean!), beside(rstd!), kind);
  return { output, moments: { mean: mean!, variance: variance! } };
}
