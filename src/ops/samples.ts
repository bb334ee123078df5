import type { DType } from "../core/dtype.ts";
import { type Shape, sizeOf } from "../core/shape.ts";

/** How a sample reaches the op: as it was uploaded, or as a view of a larger or other tensor. */
export type SampleLayout = "plain" | "transposed" | "sliced" | "expanded";

/** One input of a sample: the same numbers for every device, exact in float32. */
export interface SampleInput {
  readonly sample: true;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The elements of the uploaded tensor, whose shape is `leafShape`. */
  readonly values: readonly number[];
  readonly leafShape: Shape;
  readonly layout: SampleLayout;
}

let state = 1;
/** A small congruential generator: samples need no good randomness, only fixed numbers. */
function next(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) / 2 ** 24;
}

function leafShapeOf(shape: Shape, layout: SampleLayout): Shape {
  if (layout === "transposed") return [...shape].reverse();
  if (layout === "sliced") return shape.map((n) => n + 2);
  if (layout === "expanded") return shape.map((n, d) => (d === 0 ? 1 : n));
  return shape;
}

function make(shape: Shape, dtype: DType, layout: SampleLayout, value: (i: number) => number) {
  const leafShape = leafShapeOf(shape, layout);
  const values = Array.from({ length: sizeOf(leafShape) }, (_, i) => value(i));
  return { sample: true, shape, dtype, values, leafShape, layout } as const;
}

/** Numbers between `lo` and `hi`. */
export function uniform(
  shape: Shape,
  lo = -2,
  hi = 2,
  layout: SampleLayout = "plain",
): SampleInput {
  return make(shape, "float32", layout, () => Math.fround(lo + (hi - lo) * next()));
}

/** Numbers whose distances are at least `gap`, in a mixed order: no ties, no kinks near 0. */
export function distinct(shape: Shape, gap = 0.25, layout: SampleLayout = "plain"): SampleInput {
  const size = sizeOf(leafShapeOf(shape, layout));
  // A step that shares no divisor with the size visits each place once.
  let stride = Math.max(1, Math.floor(size * 0.618));
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  while (size > 0 && divisor(stride, size) !== 1) stride++;
  const value = (i: number) => gap * (((i * stride) % size) - size / 2 + 0.37);
  return make(shape, "float32", layout, (i) => Math.fround(value(i)));
}

/** The given elements. */
export const exactly = (
  shape: Shape,
  values: readonly number[],
  dtype: DType = "float32",
): SampleInput => make(shape, dtype, "plain", (i) => values[i % values.length]!);

/** Integers from `lo` up to and without `hi`. */
export const integers = (
  shape: Shape,
  lo: number,
  hi: number,
  dtype: DType = "int32",
  layout: SampleLayout = "plain",
): SampleInput => make(shape, dtype, layout, () => Math.floor(lo + (hi - lo) * next()));

export const booleans = (shape: Shape, layout: SampleLayout = "plain"): SampleInput =>
  integers(shape, 0, 2, "bool", layout);

/** The shapes that every element-wise op of one argument is tried on. */
export const unarySamples = (lo = -2, hi = 2): SampleInput[][] => [
  [uniform([], lo, hi)],
  [uniform([5], lo, hi)],
  [uniform([2, 8], lo, hi)],
  [uniform([3, 4], lo, hi, "transposed")],
  [uniform([2, 4], lo, hi, "sliced")],
  [uniform([3, 4], lo, hi, "expanded")],
  [uniform([0, 3], lo, hi)],
];

/** The same for two arguments: alike, broadcast, views, a scalar beside a tensor, empty. */
export const binarySamples = (
  first: (shape: Shape, layout?: SampleLayout) => SampleInput,
  second: (shape: Shape, layout?: SampleLayout) => SampleInput = first,
): SampleInput[][] => [
  [first([]), second([])],
  [first([2, 4]), second([2, 4])],
  [first([2, 1, 3]), second([4, 1])],
  [first([3]), second([2, 3], "transposed")],
  [first([2, 4], "sliced"), second([])],
  [first([3, 4], "expanded"), second([3, 4], "transposed")],
  [first([0, 3]), second([3])],
];

export const uniformPair = (shape: Shape, layout?: SampleLayout): SampleInput =>
  uniform(shape, -2, 2, layout);
