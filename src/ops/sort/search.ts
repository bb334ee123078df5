import { searchKernel } from "../../../kernels/rows/sort.ts";
import { promote } from "../../core/dtype.ts";
import { ShapeError } from "../../core/errors.ts";
import type { Attrs, ReferenceCall } from "../../core/ir.ts";
import { type Shape, sameShape, show, sizeOf } from "../../core/shape.ts";
import { defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { zeros } from "../creation/creation.ts";
import { gather } from "../indexing/indexing.ts";
import { expand, reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";
import { exactly, integers, uniform } from "../samples.ts";
import { ascending } from "./order.ts";

interface SearchAttrs extends Attrs {
  readonly right: boolean;
}

type Search = (lines: Tensor, values: Tensor, attrs: SearchAttrs) => Tensor;

function searchReference({ attrs, inputs, outputs, create }: ReferenceCall) {
  const out = create(outputs[0]!);
  const [lines, values] = inputs;
  const [n, m] = [lines!.shape[1]!, values!.shape[1]!];
  for (let at = 0; at < out.length; at++) {
    const start = Math.floor(at / m) * n;
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = ascending(lines!.data[start + middle]!, values!.data[at]!);
      if (order < 0 || (order === 0 && attrs.right === true)) low = middle + 1;
      else high = middle;
    }
    out[at] = low;
  }
  return [out];
}

/** How many of a sorted line [rows, n] stand before each value [rows, m]. */
const search: Search = defineOp<2, SearchAttrs>({
  name: "searchsorted",
  arity: 2,
  shape: ([, values]) => values!,
  dtype: ([a, b]) => {
    const common = promote(a!, b!);
    return { operands: [common, common], result: "int32" };
  },
  key: ({ right }) => (right ? "r" : ""),
  forward: kernel({
    family: "searchsorted",
    outputs: (_, [, values]) => [{ shape: values!.shape, dtype: "int32" }],
    strided: () => true,
    source: searchKernel,
    reference: searchReference,
  }),
  vjp: null,
  nondifferentiable: "its values are places",
  batch: joinLeading,
  derivative: ["none", "none"],
  samples: () => [
    [exactly([2, 5], [-2, -1, -1, 0.5, 3]), uniform([2, 7], -3, 4), { right: false }],
    [integers([1, 1], 0, 3), exactly([1, 4], [0, 1, 2, 9], "int32"), { right: true }],
    [
      exactly([1, 4], [-1, 0, 2, Number.POSITIVE_INFINITY]),
      exactly([1, 4], [0, 2, Number.NaN, Number.NEGATIVE_INFINITY]),
      { right: true },
    ],
  ],
});

export interface SearchOptions {
  /** Places behind equal elements rather than before them. */
  readonly right?: boolean;
  /** Indices that sort the sequence, where it is not sorted itself. */
  readonly sorter?: Tensor | null;
}

/**
 * Where each value would be put into a sorted sequence to keep it sorted: before equal elements, or
 * behind them. NaN counts as the largest.
 * @param sequence [n], or [..., n] with the leading axes of the values
 * @param values [..., m], or any shape for a sequence [n]
 * @returns int32 in the shape of the values, from 0 to n  @throws ShapeError
 */
export function searchsorted(
  sequence: Tensor,
  values: Tensor,
  { right = false, sorter = null }: SearchOptions = {},
): Tensor {
  const n = checkSequence(sequence, values, sorter);
  const ordered = sorter === null ? sequence : gather(sequence, -1, sorter);
  if (n === 0 || values.size === 0) {
    return zeros(values.shape, { dtype: "int32", device: values.device });
  }
  const rows = sizeOf(sequence.shape.slice(0, -1));
  const lines = expand(reshape(ordered, [rows, n]), [rows, n]);
  const found = search(lines, reshape(values, [rows, values.size / rows]), { right });
  return withRange(reshape(found, values.shape), [0, n]);
}

function checkSequence(sequence: Tensor, values: Tensor, sorter: Tensor | null): number {
  const lead = (shape: Shape) => shape.slice(0, -1);
  const fits = sequence.rank === 1 || sameShape(lead(sequence.shape), lead(values.shape));
  if (sequence.rank === 0 || !fits || (sequence.rank > 1 && values.rank !== sequence.rank)) {
    throw new ShapeError(
      `searchsorted: the sequence is one line, or one for each row of values; got ` +
        `${show(sequence.shape)} and values ${show(values.shape)}. Make all axes but the last equal.`,
    );
  }
  if (sorter !== null && !sameShape(sorter.shape, sequence.shape)) {
    throw new ShapeError(
      `searchsorted: the sorter differs in shape from the sequence; got ${show(sorter.shape)} for ` +
        `${show(sequence.shape)}. Use argsort(sequence).`,
    );
  }
  return sequence.shape.at(-1)!;
}

/**
 * The number of the bucket in which each value lies: between boundaries [n] in ascending order,
 * bucket i is (b[i - 1], b[i]], or [b[i - 1], b[i]) for `right`.
 * @returns int32 in the shape of x, from 0 to n  @throws ShapeError
 */
export function bucketize(
  x: Tensor,
  boundaries: Tensor,
  { right = false }: Pick<SearchOptions, "right"> = {},
): Tensor {
  if (boundaries.rank === 1) return searchsorted(boundaries, x, { right });
  throw new ShapeError(
    `bucketize: the boundaries are one line; got ${show(boundaries.shape)}. ` +
      "Use searchsorted for several.",
  );
}
