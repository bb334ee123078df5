import { ShapeError } from "../../core/errors.ts";
import type { Attrs } from "../../core/ir.ts";
import { type Shape, sameShape, show } from "../../core/shape.ts";
import { defineOp, keepDType } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { rangeOf, withRange } from "../range.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { reshape } from "./movement.ts";

interface SliceAttrs extends Attrs {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}
interface PadAttrs extends Attrs {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const inputs = (): SampleInput[] => [
  uniform([3, 5]),
  uniform([3, 5], -2, 2, "transposed"),
  uniform([3, 5], -2, 2, "sliced"),
];

const sliceOp = defineOp<1, SliceAttrs>({
  name: "slice",
  arity: 1,
  shape: (_, { sizes }) => sizes,
  dtype: keepDType(),
  forward: {
    kind: "view",
    step: (attrs, _, shape) => {
      const { starts, steps } = attrs as SliceAttrs;
      return { type: "slice", shape, starts, steps };
    },
  },
  key: ({ starts, sizes, steps }) => `${starts.join()};${sizes.join()};${steps.join()}`,
  vjp: ({ g, inputs: [x], attrs }) => [spread(g, x!.shape, attrs.starts, attrs.steps)],
  derivative: ["g at the chosen places, else 0"],
  samples: () => [
    ...inputs().map((x) => [x, { starts: [1, 0], sizes: [2, 3], steps: [1, 1] }] as const),
    ...inputs().map((x) => [x, { starts: [0, 1], sizes: [2, 2], steps: [2, 3] }] as const),
    [uniform([4]), { starts: [1], sizes: [0], steps: [1] }],
    [uniform([0, 3]), { starts: [0, 1], sizes: [0, 2], steps: [1, 1] }],
  ],
});

/** Puts slices back to their places among zeros: the transpose of `slice`. */
export function spread(g: Tensor, shape: Shape, starts: Shape, steps: Shape): Tensor {
  let wide = g;
  steps.forEach((step, d) => {
    if (step > 1) wide = dilate(wide, d, step);
  });
  const fit = wide.shape.map((n, d) => Math.min(n, shape[d]! - starts[d]!));
  const kept = cut(
    wide,
    shape.map(() => 0),
    fit,
    shape.map(() => 1),
  );
  return zeroPad(
    kept,
    starts,
    shape.map((n, d) => n - starts[d]! - fit[d]!),
  );
}

/** step - 1 zeros after each element along an axis. */
function dilate(x: Tensor, axis: number, step: number): Tensor {
  const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const none = split.map(() => 0);
  const padded = zeroPad(reshape(x, split), none, none.with(axis + 1, step - 1));
  return reshape(
    padded,
    x.shape.map((n, d) => (d === axis ? n * step : n)),
  );
}

/** A window of x, by whole positive steps. */
export function cut(x: Tensor, starts: Shape, sizes: Shape, steps: Shape): Tensor {
  if (sameShape(sizes, x.shape) && steps.every((s, d) => s === 1 || x.shape[d]! <= 1)) return x;
  return withRange(sliceOp(x, { starts, sizes, steps }), rangeOf(x));
}

const padOp = defineOp<1, PadAttrs>({
  name: "pad",
  arity: 1,
  shape: ([x], { before, after }) => x!.map((n, d) => n + before[d]! + after[d]!),
  dtype: keepDType(),
  forward: {
    kind: "view",
    step: (attrs, _, shape) => ({ type: "pad", shape, before: (attrs as PadAttrs).before }),
  },
  key: ({ before, after }) => `${before.join()};${after.join()}`,
  vjp: ({ g, inputs: [x], attrs: { before } }) => [
    cut(
      g,
      before,
      x!.shape,
      before.map(() => 1),
    ),
  ],
  derivative: ["the inner part of g"],
  samples: () => [
    ...inputs().map((x) => [x, { before: [1, 0], after: [2, 3] }] as const),
    [uniform([0, 3]), { before: [2, 0], after: [0, 1] }],
  ],
});

/**
 * Zeros around x: `before[d]` and `after[d]` of them along axis d.
 * @throws ShapeError unless there is a whole number of at least 0 for each axis and side
 */
export function zeroPad(x: Tensor, before: Shape, after: Shape): Tensor {
  if (before.every((n) => n === 0) && after.every((n) => n === 0)) return x;
  const bad = [...before, ...after].some((n) => !Number.isInteger(n) || n < 0);
  if (bad || before.length !== x.rank || after.length !== x.rank) {
    throw new ShapeError(
      `pad: paddings are one whole number of at least 0 per axis and side; got ${show(before)} ` +
        `before and ${show(after)} after ${show(x.shape)}. Cut with slice instead.`,
    );
  }
  const out = padOp(x, { before, after });
  const range = rangeOf(x);
  return withRange(out, range && [Math.min(range[0], 0), Math.max(range[1], 0)]);
}
