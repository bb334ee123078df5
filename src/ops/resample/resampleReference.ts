import { isKept, type ResampleAxis, tapsOf } from "../../../kernels/pool/resample.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import type { ResampleAttrs } from "./resampleOps.ts";

/** A place that an output reads, and its factor. */
interface Tap {
  readonly place: number;
  readonly weight: number;
}

const { fround } = Math;

/** Where output `o` lies on the input; whole steps are chosen in float32 on every device. */
function sourceOf({ scale }: ResampleAxis, { mode, alignCorners }: ResampleAttrs, o: number) {
  if (mode === "nearest") return fround(o * fround(scale));
  if (mode === "nearest-exact") return fround((o + 0.5) * fround(scale));
  if (alignCorners) return o * scale;
  const between = (o + 0.5) * scale - 0.5;
  return mode === "linear" ? Math.max(between, 0) : between;
}

function weightOf(mode: ResampleAttrs["mode"], t: number, part: number): number {
  if (mode === "linear") return t === 1 ? part : 1 - part;
  if (mode !== "cubic") return 1;
  const d = Math.abs(t - 1 - part);
  return d <= 1 ? (1.25 * d - 2.25) * d * d + 1 : ((-0.75 * d + 3.75) * d - 6) * d + 3;
}

/** What each output of an axis reads. */
export function tapsAlong(axis: ResampleAxis, attrs: ResampleAttrs): Tap[][] {
  const last = axis.size - 1;
  return Array.from({ length: axis.out }, (_, o) => {
    if (isKept(axis)) return [{ place: o, weight: 1 }];
    const source = sourceOf(axis, attrs, o);
    const floor = Math.min(Math.floor(source), last);
    const part = Math.min(Math.max(source - floor, 0), 1);
    const first = attrs.mode === "cubic" ? floor - 1 : floor;
    return Array.from({ length: tapsOf[attrs.mode] }, (_, t) => ({
      place: Math.min(Math.max(first + t, 0), last),
      weight: weightOf(attrs.mode, t, part),
    }));
  });
}

/** Visits what each output of one row reads: its number, the place's, and the factor. */
function eachTap(attrs: ResampleAttrs, visit: (o: number, i: number, weight: number) => void) {
  const [a, b, c] = attrs.axes.map((axis) => tapsAlong(axis, attrs)) as [Tap[][], Tap[][], Tap[][]];
  const [, height, width] = attrs.axes.map((axis) => axis.size) as [number, number, number];
  let o = 0;
  for (const depths of a) {
    for (const rows of b) {
      for (const columns of c) {
        for (const i of depths) {
          for (const j of rows) {
            for (const k of columns) {
              const place = (i.place * height + j.place) * width + k.place;
              visit(o, place, i.weight * j.weight * k.weight);
            }
          }
        }
        o++;
      }
    }
  }
}

function resample(back: boolean, { attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const { data } = inputs[0]!;
  const { axes } = attrs as ResampleAttrs;
  const size = axes.reduce((n, axis) => n * axis.size, 1);
  const outs = axes.reduce((n, axis) => n * axis.out, 1);
  const rows = outputs[0]!.shape[0]!;
  eachTap(attrs as ResampleAttrs, (o, i, weight) => {
    for (let row = 0; row < rows; row++) {
      if (back) out[row * size + i]! += weight * data[row * outs + o]!;
      else out[row * outs + o]! += weight * data[row * size + i]!;
    }
  });
  return [out];
}

export const resampleReference = (call: ReferenceCall): TypedArray[] => resample(false, call);
export const resampleBackwardReference = (call: ReferenceCall): TypedArray[] =>
  resample(true, call);
