import { gatherKernel } from "../../../kernels/indexing/gather.ts";
import {
  inverseOrderKernel,
  mergeBlocksKernel,
  sortBlocksKernel,
} from "../../../kernels/rows/sort.ts";
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

const WHY = "places are whole numbers; values are taken by them";

type Visit = (at: (k: number) => number, first: number, end: number) => void;

/** Visits the runs of `width` elements on every line; `at` gives where element k lies. */
function eachRun(shape: readonly number[], width: number, visit: Visit): void {
  const [outer, n, inner] = shape as [number, number, number];
  for (let line = 0; line < outer * inner; line++) {
    const start = Math.floor(line / inner) * n * inner + (line % inner);
    for (let first = 0; first < n; first += width) {
      visit((k) => start + k * inner, first, Math.min(first + width, n));
    }
  }
}

function sortReference({ attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const [places, values] = [create(outputs[0]!), create(outputs[1]!)];
  const { width, descending } = attrs as BlockAttrs;
  const x = inputs[0]!.data;
  const sign = descending ? -1 : 1;
  eachRun(outputs[0]!.shape, width, (at, first, end) => {
    const order = Array.from({ length: end - first }, (_, k) => first + k);
    order.sort((a, b) => sign * ascending(x[at(a)]!, x[at(b)]!) || a - b);
    order.forEach((k, j) => {
      places[at(first + j)] = k;
      values[at(first + j)] = x[at(k)]!;
    });
  });
  return [places, values];
}

function mergeReference({ attrs, inputs, outputs, create }: ReferenceCall): TypedArray[] {
  const [places, values] = [create(outputs[0]!), create(outputs[1]!)];
  const { width, descending } = attrs as BlockAttrs;
  const [from, x] = inputs.map((i) => i.data) as [TypedArray, TypedArray];
  const sign = descending ? -1 : 1;
  eachRun(outputs[0]!.shape, 2 * width, (at, first, end) => {
    const middle = Math.min(first + width, end);
    let [a, b] = [first, middle];
    for (let k = first; k < end; k++) {
      const left = b >= end || (a < middle && sign * ascending(x[at(a)]!, x[at(b)]!) <= 0);
      const q = left ? at(a++) : at(b++);
      places[at(k)] = from[q]!;
      values[at(k)] = x[q]!;
    }
  });
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
      reference: sortReference,
    }),
    vjp: null,
    nondifferentiable: WHY,
    batch: joinLeading,
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

/** 32 numbers in ascending order, with ties. */
const fives = (start: number): number[] =>
  Array.from({ length: 32 }, (_, i) => start + Math.floor(i / 5) / 2);

type Merge = (places: Tensor, values: Tensor, attrs: BlockAttrs) => Tensor;

const mergeOp = (output: 0 | 1, name: string): Merge => {
  const op: Merge = defineOp<2, BlockAttrs>({
    name,
    arity: 2,
    shape: same,
    dtype: (dtypes) => ({ operands: dtypes, result: dtypes[output]! }),
    key: ({ width, descending }) => `${width}${descending ? "d" : ""}`,
    forward: kernel({
      family: "mergeBlocks",
      output,
      outputs: (_, [, x]) => results(x!),
      strided: () => true,
      source: mergeBlocksKernel,
      reference: mergeReference,
    }),
    vjp: null,
    nondifferentiable: WHY,
    batch: joinLeading,
    derivative: ["none", "none"],
    samples: () => [
      [
        integers([1, 70, 1], 0, 9),
        exactly([1, 70, 1], [...fives(0), ...fives(-1), ...fives(1).slice(0, 6)]),
        { width: 32, descending: false },
      ],
    ],
  });
  return op;
};

/** Each two sorted blocks merged into one: places and values. */
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
  batch: joinLeading,
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
  batch: joinLeading,
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
