import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import type { NormAttrs } from "./normRules.ts";

/** The kernels of kernels/norm in JavaScript, on contiguous [N, G, D, S]. */

interface Span {
  /** Addresses of the elements that share statistics, and the address of these. */
  readonly at: readonly number[];
  readonly index: number;
}

/** The elements of each row n, g, or of each channel g, d. */
function spans(shape: Shape, over: "rows" | "channels"): Span[] {
  const [n, g, d, s = 1] = shape as [number, number, number, number?];
  const channels = g * d;
  const addresses = Array.from({ length: sizeOf(shape) }, (_, i) => i);
  const indexOf = (i: number) =>
    over === "rows" ? Math.floor(i / (d * s)) : Math.floor(i / s) % channels;
  const found = Array.from({ length: over === "rows" ? n * g : channels }, (_, index) => ({
    index,
    at: [] as number[],
  }));
  for (const i of addresses) found[indexOf(i)]!.at.push(i);
  return found;
}

function momentsAt(x: TypedArray, at: readonly number[], { eps, centered }: NormAttrs) {
  const average = (f: (v: number) => number) => at.reduce((t, i) => t + f(x[i]!), 0) / at.length;
  const mean = centered ? average((v) => v) : 0;
  const variance = average((v) => (v - mean) ** 2);
  return { mean, rstd: 1 / Math.sqrt(variance + eps), variance };
}

type Moments = ReturnType<typeof momentsAt>;

/** Puts statistics [3, count] at one index. */
function put(stats: TypedArray, index: number, { mean, rstd, variance }: Moments): void {
  const count = stats.length / 3;
  stats[index] = mean;
  stats[count + index] = rstd;
  stats[2 * count + index] = variance;
}

const channelAt = (i: number, [, g, d, s = 1]: Shape): number => Math.floor(i / s) % (g! * d!);

export function normalizeRowsReference({ attrs, inputs, outputs, create }: ReferenceCall) {
  const [x, w, b] = inputs;
  const norm = attrs as NormAttrs;
  const [y, stats] = [create(outputs[0]!), create(outputs[1]!)];
  for (const { at, index } of spans(x!.shape, "rows")) {
    const moments = momentsAt(x!.data, at, norm);
    put(stats, index, moments);
    for (const i of at) {
      const channel = channelAt(i, x!.shape);
      const unit = (x!.data[i]! - moments.mean) * moments.rstd;
      y[i] = unit * (norm.weight ? w!.data[channel]! : 1) + (norm.bias ? b!.data[channel]! : 0);
    }
  }
  return [y, stats];
}

export function channelMomentsReference({ attrs, inputs, outputs, create }: ReferenceCall) {
  const [x] = inputs;
  const stats = create(outputs[0]!);
  for (const { at, index } of spans(x!.shape, "channels")) {
    put(stats, index, momentsAt(x!.data, at, attrs as NormAttrs));
  }
  return [stats];
}

export function normalizeRowsGradReference({ attrs, inputs, outputs, create }: ReferenceCall) {
  const [g, x, w, stats] = inputs;
  const { weight, centered } = attrs as NormAttrs;
  const out = create(outputs[0]!);
  const rows = stats!.data.length / 3;
  for (const { at, index } of spans(x!.shape, "rows")) {
    const [mean, rstd] = [stats!.data[index]!, stats!.data[rows + index]!];
    const unit = (i: number) => (x!.data[i]! - mean) * rstd;
    const h = (i: number) => g!.data[i]! * (weight ? w!.data[channelAt(i, x!.shape)]! : 1);
    const average = (f: (i: number) => number) => at.reduce((t, i) => t + f(i), 0) / at.length;
    const level = centered ? average(h) : 0;
    const tilt = average((i) => h(i) * unit(i));
    for (const i of at) out[i] = rstd * (h(i) - level - unit(i) * tilt);
  }
  return [out];
}

export function channelSumsReference({ inputs, outputs, create }: ReferenceCall) {
  const [g, x, mean, rstd] = inputs;
  const [tilt, level] = [create(outputs[0]!), create(outputs[1]!)];
  const [, , d, s = 1] = x!.shape as [number, number, number, number?];
  for (const { at, index } of spans(x!.shape, "channels")) {
    for (const i of at) {
      const row = Math.floor(i / (d * s));
      const unit = (x!.data[i]! - mean!.data[row]!) * rstd!.data[row]!;
      tilt[index]! += g!.data[i]! * unit;
      level[index]! += g!.data[i]!;
    }
  }
  return [tilt, level];
}
