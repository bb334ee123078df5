import type { ViewStep } from "../core/ir.ts";
import { type Shape, sameShape, sizeOf, stridesOf } from "../core/shape.ts";

/**
 * Index algebra. A `Layout` says where in its base each logical element lies:
 * address = offset + sum over axes of index * stride. Views never copy; they change the layout.
 * A reshape that strides cannot express puts a fresh row-major layout on top: its address is
 * then unravelled into the indices of the layout `under` it.
 */
export interface Layout {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  /** Per axis the range [from, to) that lies inside the base; null when all of it does. */
  readonly mask: readonly (readonly [number, number])[] | null;
  readonly under: Layout | null;
}

type Mask = NonNullable<Layout["mask"]>;

const mapMask = (layout: Layout, change: (mask: Mask) => Layout["mask"]): Layout["mask"] =>
  layout.mask === null ? null : change(layout.mask);

export const contiguous = (shape: Shape): Layout => ({
  shape,
  strides: stridesOf(shape),
  offset: 0,
  mask: null,
  under: null,
});

/** The linear index is the address: the elements lie as in a fresh tensor of this shape. */
export function isLinear(layout: Layout): boolean {
  if (layout.under !== null || layout.mask !== null || layout.offset !== 0) return false;
  return rowMajor(layout);
}

/** The elements lie one after another, from `offset` on. */
export const isRun = (layout: Layout): boolean =>
  layout.under === null && layout.mask === null && rowMajor(layout);

function rowMajor({ shape, strides }: Layout): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== step) return false;
    step *= shape[d];
  }
  return true;
}

export function applyStep(layout: Layout, step: ViewStep): Layout {
  switch (step.type) {
    case "reshape":
      return reshape(layout, step.shape);
    case "permute":
      return {
        ...layout,
        shape: step.shape,
        strides: step.order.map((d) => layout.strides[d]),
        mask: mapMask(layout, (mask) => step.order.map((d) => mask[d])),
      };
    case "expand":
      return expand(layout, step.shape);
    case "slice":
      return slice(layout, step);
    case "flip":
      return flip(layout, step.axes);
    case "pad":
      return pad(layout, step.shape, step.before);
  }
}

/** Axes align at the right; those of size 1 repeat with stride 0. */
function expand(layout: Layout, shape: Shape): Layout {
  const lead = shape.length - layout.shape.length;
  const grown = (d: number) => d < lead || (layout.shape[d - lead] === 1 && shape[d] !== 1);
  if (layout.mask?.some(([lo, hi], d) => layout.shape[d] === 1 && (lo !== 0 || hi !== 1))) {
    return expand(stack(layout, layout.shape), shape);
  }
  return {
    ...layout,
    shape,
    strides: shape.map((_, d) => (grown(d) ? 0 : layout.strides[d - lead])),
    mask: mapMask(layout, (mask) => shape.map((n, d) => (grown(d) ? [0, n] : mask[d - lead]))),
  };
}

function slice(layout: Layout, step: Extract<ViewStep, { type: "slice" }>): Layout {
  const { starts, steps, shape } = step;
  let offset = layout.offset;
  starts.forEach((s, d) => {
    offset += s * layout.strides[d];
  });
  const clampTo = (x: number, d: number) => Math.min(Math.max(x, 0), shape[d]);
  return {
    ...layout,
    shape,
    offset,
    strides: layout.strides.map((s, d) => s * steps[d]),
    mask: mapMask(layout, (mask) =>
      tidyMask(
        mask.map(([lo, hi], d) => [
          clampTo(Math.ceil((lo - starts[d]) / steps[d]), d),
          clampTo(Math.ceil((hi - starts[d]) / steps[d]), d),
        ]),
        shape,
      ),
    ),
  };
}

function flip(layout: Layout, axes: readonly number[]): Layout {
  let offset = layout.offset;
  for (const d of axes) offset += (layout.shape[d] - 1) * layout.strides[d];
  const flips = (d: number) => axes.includes(d);
  return {
    ...layout,
    offset,
    strides: layout.strides.map((s, d) => (flips(d) ? -s : s)),
    mask: mapMask(layout, (mask) =>
      mask.map(([lo, hi], d) =>
        flips(d) ? [layout.shape[d] - hi, layout.shape[d] - lo] : [lo, hi],
      ),
    ),
  };
}

function pad(layout: Layout, shape: Shape, before: readonly number[]): Layout {
  let offset = layout.offset;
  before.forEach((b, d) => {
    offset -= b * layout.strides[d];
  });
  const full = layout.mask ?? layout.shape.map((n) => [0, n] as const);
  const mask = full.map(([lo, hi], d) => [lo + before[d], hi + before[d]] as const);
  return { ...layout, shape, offset, mask: tidyMask(mask, shape) };
}

function tidyMask(mask: readonly (readonly [number, number])[], shape: Shape) {
  return mask.every(([lo, hi], d) => lo === 0 && hi === shape[d]) ? null : mask;
}

const stack = (under: Layout, shape: Shape): Layout => ({ ...contiguous(shape), under });

function reshape(layout: Layout, shape: Shape): Layout {
  if (sameShape(layout.shape, shape)) return layout;
  if (layout.mask !== null) return stack(layout, shape);
  const strides = mergeStrides(layout, shape);
  return strides === null ? stack(layout, shape) : { ...layout, shape, strides };
}

/** Strides that reach the same elements in the new shape, or null when none do. */
function mergeStrides(layout: Layout, shape: Shape): number[] | null {
  if (sizeOf(shape) === 0) return stridesOf(shape);
  const from = layout.shape.map((n, d) => ({ n, s: layout.strides[d] })).filter((a) => a.n !== 1);
  const strides = new Array<number>(shape.length).fill(0);
  let i = from.length - 1;
  let d = shape.length - 1;
  while (i >= 0) {
    // Gather old axes that form one run of equal steps, and fill new axes from it.
    let size = from[i].n;
    const step = from[i].s;
    let filled = 1;
    while (filled < size || size === 1) {
      if (d < 0) return null;
      const n = shape[d];
      if (size % (filled * n) !== 0) {
        const next = from[i - 1];
        if (next === undefined || next.s !== step * size) return null;
        size *= next.n;
        i--;
        continue;
      }
      strides[d] = n === 1 ? 0 : step * filled;
      filled *= n;
      d--;
    }
    i--;
  }
  return strides;
}

/**
 * Adjacent axes that every layout walks in one stride, as one axis: fewer divisions. Axes of size
 * one vanish; `border(d, before)` keeps axis `d` apart from the nearest one before it that stays,
 * `alone(d)` from both sides.
 */
export function collapse(
  shape: Shape,
  all: readonly (readonly number[])[],
  border: (axis: number, before: number) => boolean,
  alone: (axis: number) => boolean,
): number[][] {
  const groups: number[][] = [];
  let before = -1;
  for (let d = 0; d < shape.length; d++) {
    if (shape[d] === 1 && !alone(d)) continue;
    const joins =
      before >= 0 &&
      !border(d, before) &&
      !alone(before) &&
      all.every((strides) => strides[before] === strides[d] * shape[d]);
    if (joins) groups[groups.length - 1].push(d);
    else groups.push([d]);
    before = d;
  }
  return groups;
}
