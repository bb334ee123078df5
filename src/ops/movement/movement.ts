import { ShapeError } from "../../core/errors.ts";
import type { Attrs, ViewStep } from "../../core/ir.ts";
import {
  broadcast,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  show,
  sizeOf,
} from "../../core/shape.ts";
import { defineOp, keepDType } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { rangeOf, withRange } from "../range.ts";
import { sizesKey } from "../rules.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";

interface ShapeAttrs extends Attrs {
  readonly shape: readonly number[];
}
interface OrderAttrs extends Attrs {
  readonly order: readonly number[];
}
interface AxesAttrs extends Attrs {
  readonly axes: readonly number[];
}

const view = <A extends Attrs>(step: (attrs: A, from: Shape, to: Shape) => ViewStep) => ({
  kind: "view" as const,
  step: (attrs: Attrs, from: Shape, to: Shape) => step(attrs as A, from, to),
});

/** A view of a tensor, a transposed one, a sliced one and an empty one. */
const samplesOf = <A>(attrs: A): [SampleInput, A][] => [
  [uniform([2, 3, 4]), attrs],
  [uniform([2, 3, 4], -2, 2, "transposed"), attrs],
  [uniform([2, 3, 4], -2, 2, "sliced"), attrs],
];

const reshapeOp = defineOp<1, ShapeAttrs>({
  name: "reshape",
  arity: 1,
  shape: (_, { shape }) => shape,
  dtype: keepDType(),
  forward: view<ShapeAttrs>((_, __, shape) => ({ type: "reshape", shape })),
  key: sizesKey("shape"),
  vjp: ({ g, inputs: [x] }) => [reshape(g, x!.shape)],
  derivative: ["g in the shape of x"],
  samples: () => [
    ...samplesOf({ shape: [6, 4] }),
    ...samplesOf({ shape: [24] }),
    ...samplesOf({ shape: [4, 1, 2, 3] }),
    [uniform([]), { shape: [1, 1] }],
    [integers([4], 0, 9), { shape: [2, 2] }],
    [uniform([0, 3]), { shape: [3, 0, 2] }],
  ],
});

/**
 * The same elements, row by row, in another shape; one size may be -1.
 * @throws ShapeError when the sizes do not multiply to the number of elements
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const to = resolveShape(x.shape, shape);
  if (sameShape(to, x.shape)) return x;
  return withRange(reshapeOp(x, { shape: to }), rangeOf(x));
}

function resolveShape(from: Shape, shape: Shape): Shape {
  const size = sizeOf(from);
  let known = 1;
  let open = -1;
  shape.forEach((n, d) => {
    if (n === -1 && open < 0) open = d;
    else if (!Number.isInteger(n) || n < 0) throw unfit(from, shape);
    else known *= n;
  });
  if (open < 0) {
    if (known !== size) throw unfit(from, shape);
    return shape;
  }
  if (known === 0 || size % known !== 0) throw unfit(from, shape);
  return shape.map((n, d) => (d === open ? size / known : n));
}

const unfit = (from: Shape, to: Shape) =>
  new ShapeError(
    `reshape: ${sizeOf(from)} elements do not fill the new shape; got ${show(from)} to ` +
      `${show(to)}. Make the sizes multiply to ${sizeOf(from)}; one of them may be -1.`,
  );

const permuteOp = defineOp<1, OrderAttrs>({
  name: "permute",
  arity: 1,
  shape: ([x], { order }) => order.map((d) => x![d]!),
  dtype: keepDType(),
  forward: view<OrderAttrs>(({ order }, _, shape) => ({ type: "permute", shape, order })),
  key: sizesKey("order"),
  vjp: ({ g, attrs: { order } }) => [permute(g, inverse(order))],
  derivative: ["g with its axes in the old order"],
  samples: () => [...samplesOf({ order: [2, 0, 1] }), [uniform([0, 3]), { order: [1, 0] }]],
});

const inverse = (order: readonly number[]): number[] => {
  const back = new Array<number>(order.length);
  order.forEach((d, i) => {
    back[d] = i;
  });
  return back;
};

/**
 * Axes in another order: out axis i is x's axis `order[i]`.
 * @throws ShapeError unless every axis is named once
 */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const full = order.map((d) => normalizeAxis("permute", d, x.rank));
  if (full.length !== x.rank || new Set(full).size !== full.length) {
    throw new ShapeError(
      `permute: the order must name each axis once; got ${show(order)} for ${show(x.shape)}. ` +
        `Give the numbers 0 to ${x.rank - 1} in some order.`,
    );
  }
  if (full.every((d, i) => d === i)) return x;
  return withRange(permuteOp(x, { order: full }), rangeOf(x));
}

/** Swaps two axes, by default the last two. @throws ShapeError when an axis is out of range */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  // A scalar counts as one element along axis 0, as in PyTorch.
  const first = normalizeAxis("transpose", a, Math.max(x.rank, 1));
  const second = normalizeAxis("transpose", b, Math.max(x.rank, 1));
  const swap = (d: number) => (d === first ? second : d === second ? first : d);
  return permute(
    x,
    x.shape.map((_, d) => swap(d)),
  );
}

const expandOp = defineOp<1, ShapeAttrs>({
  name: "expand",
  arity: 1,
  shape: (_, { shape }) => shape,
  dtype: keepDType(),
  forward: view<ShapeAttrs>((_, __, shape) => ({ type: "expand", shape })),
  key: sizesKey("shape"),
  vjp: ({ g }) => [g],
  derivative: ["g"],
  samples: () => [
    [uniform([]), { shape: [2, 3] }],
    [uniform([3, 1]), { shape: [2, 3, 4] }],
    [uniform([1, 3], -2, 2, "transposed"), { shape: [4, 3] }],
    [uniform([1]), { shape: [0] }],
  ],
});

/**
 * Repeats axes of size 1 up to `shape` (-1 keeps a size), which may have more axes at the left.
 * @throws ShapeError when a size other than 1 differs
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const lead = shape.length - x.rank;
  const to = shape.map((n, d) => (n === -1 && d >= lead ? x.shape[d - lead]! : n));
  if (sameShape(to, x.shape)) return x;
  checkShape("expand", to);
  if (lead < 0 || !sameShape(broadcast("expand", [x.shape, to]), to)) {
    throw new ShapeError(
      `expand: the new shape does not hold the old one; got ${show(x.shape)} to ${show(shape)}. ` +
        "Keep sizes other than 1; new axes stand at the left.",
    );
  }
  return withRange(expandOp(x, { shape: to }), rangeOf(x));
}

/** Another name of `expand`, as in PyTorch. */
export const broadcastTo = expand;

const flipOp = defineOp<1, AxesAttrs>({
  name: "flip",
  arity: 1,
  shape: ([x]) => x!,
  dtype: keepDType(),
  forward: view<AxesAttrs>(({ axes }, _, shape) => ({ type: "flip", shape, axes })),
  key: sizesKey("axes"),
  vjp: ({ g, attrs: { axes } }) => [flip(g, axes)],
  derivative: ["g flipped back"],
  samples: () => [...samplesOf({ axes: [0, 2] }), [uniform([0, 3]), { axes: [0] }]],
});

/** Reverses the given axes (all when none are given). @throws ShapeError for an unknown axis */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const list = normalizeAxes("flip", axes, x.rank).filter((d) => x.shape[d] !== 1);
  return list.length === 0 ? x : withRange(flipOp(x, { axes: list }), rangeOf(x));
}
