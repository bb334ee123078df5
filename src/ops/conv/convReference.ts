import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall, Spec } from "../../core/ir.ts";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.ts";
import type { ConvAttrs } from "./geometry.ts";

/** A run of places along the last axis that meet under one place of one kernel. */
type Run = (input: number, output: number, weight: number, count: number) => void;

interface Channels {
  readonly batch: number;
  /** Channels of a group on both sides. */
  readonly ins: number;
  readonly outs: number;
}

/** Visits every pair of input and output places that meet, in runs along the last axis. */
function eachRun(attrs: ConvAttrs, { batch, ins, outs }: Channels, visit: Run): void {
  const [inSize, outSize, taps] = [attrs.input, attrs.output, attrs.kernel].map(sizeOf);
  const runs = runsOf(attrs);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < attrs.groups * outs; o++) {
      const to = (n * attrs.groups * outs + o) * outSize!;
      for (let c = 0; c < ins; c++) {
        const channel = Math.floor(o / outs) * ins + c;
        const from = (n * attrs.groups * ins + channel) * inSize!;
        const weight = (o * ins + c) * taps!;
        for (const [i, p, k, count] of runs) visit(from + i, to + p, weight + k, count);
      }
    }
  }
}

/** The runs of one channel: first places in the input, the output and the kernel, and a length. */
function runsOf({ input, output, kernel, stride, padding, dilation }: ConvAttrs): number[][] {
  const strides = [input, output, kernel].map(stridesOf);
  const last = input.length - 1;
  let runs = [[0, 0, 0, 1]];
  input.forEach((n, d) => {
    const [si, so, sk] = strides.map((s) => s[d]!) as [number, number, number];
    const next: number[][] = [];
    for (const [i, o, k] of runs as [number, number, number][]) {
      for (let t = 0; t < kernel[d]!; t++) {
        const at = (p: number) => p * stride[d]! - padding[d]! + t * dilation[d]!;
        const inside = [...range(output[d]!)].filter((p) => at(p) >= 0 && at(p) < n);
        const starts = d === last ? inside.slice(0, 1) : inside;
        for (const p of starts) next.push([i + at(p) * si, o + p * so, k + t * sk, inside.length]);
      }
    }
    runs = next;
  });
  return runs;
}

const range = (n: number): Iterable<number> => Array(n).keys();

function channelsOf(x: Shape, w: Shape, { groups }: ConvAttrs): Channels {
  return { batch: x[0]!, ins: w[1]!, outs: w[0]! / groups };
}

type Inputs = readonly [Filled, Filled];
type Filled = Spec & { readonly data: TypedArray };

/** Sums in float64, whatever the device's precision is. */
const sums = ({ outputs }: ReferenceCall) => new Float64Array(sizeOf(outputs[0]!.shape));

export function forwardReference(call: ReferenceCall): TypedArray[] {
  const attrs = call.attrs as ConvAttrs;
  const [x, w] = call.inputs as Inputs;
  const out = sums(call);
  const step = attrs.stride.at(-1)!;
  eachRun(attrs, channelsOf(x.shape, w.shape, attrs), (i, o, k, count) => {
    const weight = w.data[k]!;
    for (let j = 0; j < count; j++) out[o + j]! += x.data[i + j * step]! * weight;
  });
  return [out];
}

export function inputGradReference(call: ReferenceCall): TypedArray[] {
  const attrs = call.attrs as ConvAttrs;
  const [g, w] = call.inputs as Inputs;
  const out = sums(call);
  const step = attrs.stride.at(-1)!;
  eachRun(attrs, channelsOf(g.shape, w.shape, attrs), (i, o, k, count) => {
    const weight = w.data[k]!;
    for (let j = 0; j < count; j++) out[i + j * step]! += g.data[o + j]! * weight;
  });
  return [out];
}

export function weightGradReference(call: ReferenceCall): TypedArray[] {
  const attrs = call.attrs as ConvAttrs;
  const [x, g] = call.inputs as Inputs;
  const out = sums(call);
  const step = attrs.stride.at(-1)!;
  eachRun(attrs, channelsOf(x.shape, call.outputs[0]!.shape, attrs), (i, o, k, count) => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += x.data[i + j * step]! * g.data[o + j]!;
    out[k]! += sum;
  });
  return [out];
}
