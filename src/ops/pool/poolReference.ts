import { countsOf, type PoolAxis, placesOf } from "../../../kernels/pool/poolWindow.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import type { AvgPoolAttrs, PoolAttrs } from "./poolOps.ts";

/** The products of three axes: what `combine` makes of each triple, in row-major order. */
function product<T, R>([a, b, c]: readonly T[][], combine: (i: T, j: T, k: T) => R): R[] {
  return a!.flatMap((i) => b!.flatMap((j) => c!.map((k) => combine(i, j, k))));
}

/** The places of the input that each window sees, as running numbers in a row. */
function windowsOf(axes: readonly PoolAxis[]): number[][] {
  const [, b, c] = axes as readonly [PoolAxis, PoolAxis, PoolAxis];
  const flat = (i: number, j: number, k: number) => (i * b.size + j) * c.size + k;
  return product(axes.map(placesOf), (i, j, k) => product([i, j, k], flat));
}

function divisorsOf({ axes, divisor }: AvgPoolAttrs): number[] {
  const counts = axes.map((axis) => countsOf(axis, divisor === "padded"));
  return product(counts, (i, j, k) => (typeof divisor === "number" ? divisor : i * j * k));
}

export function maxPoolReference({ attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const [values, places] = outputs.map(create);
  const { data, shape } = inputs[0]!;
  const windows = windowsOf((attrs as PoolAttrs).axes);
  const size = shape[1]! * shape[2]! * shape[3]!;
  for (let row = 0; row < shape[0]!; row++) {
    windows.forEach((window, o) => {
      let place = window[0]!;
      for (const i of window) {
        const x = data[row * size + i]!;
        if (x > data[row * size + place]! || Number.isNaN(x)) place = i;
      }
      values![row * windows.length + o] = data[row * size + place]!;
      places![row * windows.length + o] = place;
    });
  }
  return [values!, places!];
}

export function maxPoolBackwardReference({ inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const [g, places] = inputs;
  const [rows, ...sizes] = outputs[0]!.shape;
  const size = sizes.reduce((a, n) => a * n, 1);
  const windows = g!.data.length / rows!;
  g!.data.forEach((value, o) => {
    out[Math.floor(o / windows) * size + places!.data[o]!]! += value;
  });
  return [out];
}

/** Both directions of the mean: windows from places, or places from windows. */
function average(back: boolean, { attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const out = create(outputs[0]!);
  const { data } = inputs[0]!;
  const { axes } = attrs as AvgPoolAttrs;
  const windows = windowsOf(axes);
  const divisors = divisorsOf(attrs as AvgPoolAttrs);
  const size = axes.reduce((n, axis) => n * axis.size, 1);
  for (let row = 0; row < outputs[0]!.shape[0]!; row++) {
    windows.forEach((window, o) => {
      const at = row * windows.length + o;
      for (const i of window) {
        if (back) out[row * size + i]! += data[at]! / divisors[o]!;
        else out[at]! += data[row * size + i]! / divisors[o]!;
      }
    });
  }
  return [out];
}

export const avgPoolReference = (call: ReferenceCall): TypedArray[] => average(false, call);
export const avgPoolBackwardReference = (call: ReferenceCall): TypedArray[] => average(true, call);
