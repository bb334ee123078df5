import { gatherKernel } from "../../../kernels/gather.ts";
import { inverseOrderKernel, mergeBlocksKernel, sortBlocksKernel } from "../../../kernels/sort.ts";
import type { TypedArray } from "../../core/dtype.ts";
import type { Attrs, ReferenceCall, Spec } from "../../core/ir.ts";
import { defineOp, keepDType, kernel, type Unary } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { same } from "../rules.ts";
import { distinct, exactly, integers, type SampleInput, uniform } from "../samples.ts";
import { byLines, lineKernel } from "../scan/lines.ts";
import { ascending } from "./order.ts";

/** The steps of a sort along the middle axis of [outer, n, inner]; see sort.ts and kernels/sort.ts. */

interface BlockAttrs extends Attrs {
  readonly width: number;
  readonly descending: boolean;
}
interface MergeAttrs extends BlockAttrs {
  readonly ways: number;
}

const WHY = "places are whole numbers; values are taken by them";

/** Sorts the elements of each `width` neighbours on every line, stably. */
function sortLines(
  { attrs, outputs, create }: ReferenceCall,
  x: TypedArray,
  from: TypedArray | null,
  width: number,
): TypedArray[] {
  const [places, values] = [create(outputs[0]!), create(outputs[1]!)];
  const [outer, n, inner] = outputs[0]!.shape as [number, number, number];
  const sign = attrs.descending === true ? -1 : 1;
  for (let line = 0; line < outer * inner; line++) {
    const start = Math.floor(line / inner) * n * inner + (line % inner);
    for (let first = 0; first < n; first += width) {
      const count = Math.min(width, n - first);
      const order = Array.from({ length: count }, (_, k) => first + k);
      const at = (k: number) => start + k * inner;
      order.sort((a, b) => sign * ascending(x[at(a)]!, x[at(b)]!) || a - b);
      order.forEach((k, j) => {
        places[at(first + j)] = from === null ? k : from[at(k)]!;
        values[at(first + j)] = x[at(k)]!;
      });
    }
  }
  return [places, values];
}

const results = (x: Spec): Spec[] => [{ shape: x.shape, dtype: "int32" }, x];

type Blocks = (x: Tensor, attrs: BlockAttrs) => Tensor;

const blocksOp = (output: 0 | 1, name: string): Blocks => {
  const op: Blocks = defineOp<1, BlockAttrs>({
    name,
    arity: 1,
    shape: same,
    dtype: ([x]) => ({ operands: [x!], result: output === 0 ? "int32" : x! }),
    key: ({ width, descending }) => `${width}${descending ? "d" : ""}`,
    forward: kernel({
      family: "sortBlocks",
      output,
      outputs: (_, [x]) => results(x!),
      strided: () => true,
      source: sortBlocksKernel,
      reference: (call) =>
        sortLines(call, call.inputs[0]!.data, null, (call.attrs as BlockAttrs).width),
    }),
    vjp: null,
    nondifferentiable: WHY,
    batch: joinLeading<BlockAttrs>(([x], attrs) => op(x!, attrs)),
    derivative: ["none"],
    samples: () => blockSamples().slice(0, output === 0 ? 3 : 1),
  });
  return op;
};

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const blockSamples = (): [SampleInput, BlockAttrs][] => [
  [distinct([2, 7, 3], 0.25, "transposed"), { width: 4, descending: true }],
  [exactly([1, 8, 1], [nan, 1, -inf, -0, 0, inf, -nan, 1]), { width: 8, descending: false }],
  [integers([1, 9, 1], -3, 3), { width: 16, descending: true }],
];

/** Where the elements of sorted blocks came from, and those elements. */
export const blockPlaces = blocksOp(0, "sortBlocks");
export const blockValues = blocksOp(1, "sortBlocksValues");

type Merge = (places: Tensor, values: Tensor, attrs: MergeAttrs) => Tensor;

const mergeOp = (output: 0 | 1, name: string): Merge => {
  const op: Merge = defineOp<2, MergeAttrs>({
    name,
    arity: 2,
    shape: same,
    dtype: (dtypes) => ({ operands: dtypes, result: dtypes[output]! }),
    key: ({ width, ways, descending }) => `${width}x${ways}${descending ? "d" : ""}`,
    forward: kernel({
      family: "mergeBlocks",
      output,
      outputs: (_, [, x]) => results(x!),
      strided: () => true,
      source: mergeBlocksKernel,
      reference: (call) => {
        const { width, ways } = call.attrs as MergeAttrs;
        const [from, x] = call.inputs;
        return sortLines(call, x!.data, from!.data, width * ways);
      },
    }),
    vjp: null,
    nondifferentiable: WHY,
    batch: joinLeading<MergeAttrs>(([places, values], attrs) => op(places!, values!, attrs)),
    derivative: ["none", "none"],
    samples: () => [
      [
        integers([1, 9, 1], 0, 9),
        exactly([1, 9, 1], [1, 4, 0, 3, 3, 3, 2, 5, 0]),
        { width: 2, ways: 4, descending: false },
      ],
    ],
  });
  return op;
};

/** Sorted blocks merged into longer ones: places and values. */
export const mergedPlaces = mergeOp(0, "mergeBlocks");
export const mergedValues = mergeOp(1, "mergeBlocksValues");

/** The permutation that undoes `order` along the middle axis. */
export const inverseOrder: Unary = defineOp<1>({
  name: "inverseOrder",
  arity: 1,
  shape: same,
  dtype: keepDType(),
  forward: kernel({
    ...lineKernel("inverseOrder"),
    source: inverseOrderKernel,
    reference: byLines(([order], out, { start, step, n }) => {
      for (let k = 0; k < n; k++) out[start + order![start + k * step]! * step] = k;
    }),
  }),
  vjp: null,
  nondifferentiable: WHY,
  batch: joinLeading(([order]) => inverseOrder(order!)),
  derivative: ["none"],
  samples: () => [[exactly([1, 4, 2], [2, 0, 0, 3, 3, 1, 1, 2], "int32")]],
});

type Reorder = (x: Tensor, order: Tensor) => Tensor;

const reorderOp = defineOp<2, { readonly trusted: true }>({
  name: "reorder",
  arity: 2,
  shape: same,
  dtype: keepDType(),
  key: () => "",
  forward: kernel({
    ...lineKernel("reorder"),
    source: gatherKernel,
    reference: byLines(([x, order], out, { start, step, n }) => {
      for (let k = 0; k < n; k++)
        out[start + k * step] = x![start + order![start + k * step]! * step]!;
    }),
  }),
  vjp: ({ g, inputs: [, order] }) => [reorder(g, inverseOrder(order!)), null],
  batch: joinLeading(([x, order]) => reorder(x!, order!)),
  derivative: ["g put back to where each element stood", "none"],
  samples: () => [
    [
      uniform([1, 4, 2], -2, 2, "transposed"),
      exactly([1, 4, 2], [2, 0, 0, 3, 3, 1, 1, 2], "int32"),
      { trusted: true },
    ],
  ],
});

/** out[o, k, i] = x[o, order[o, k, i], i] for a permutation of the middle axis. */
export const reorder: Reorder = (x, order) => reorderOp(x, order, { trusted: true });
