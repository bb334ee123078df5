import { scatterAddKernel } from "../../../kernels/indexing/scatter.ts";
import type { Attrs } from "../../core/ir.ts";
import { defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { indexed } from "../rules.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";
import { type GatherAttrs, gatherForward } from "./gatherForward.ts";
import { scatterAddReference } from "./gatherReference.ts";

/** Reading and adding at indexed places of the middle axis of three; see indexing.ts. */

type Gather = (x: Tensor, index: Tensor, attrs: GatherAttrs) => Tensor;

interface SizeAttrs extends Attrs {
  readonly size: number;
  /** As above; also where the op that read these indices reports them. */
  readonly trusted: boolean;
}

type Scatter = (g: Tensor, index: Tensor, attrs: SizeAttrs) => Tensor;

/** out[o, k, i] = x[o, index[o, k, i], i]; x [outer, n, inner], index [outer, k, inner]. */
export const gather3: Gather = defineOp<2, GatherAttrs>({
  name: "gather",
  arity: 2,
  shape: ([, index]) => index!,
  dtype: indexed("gather"),
  key: ({ trusted }) => (trusted ? "" : "?"),
  forward: gatherForward,
  vjp: ({ g, inputs: [x, index] }) => [
    scatterAdd3(g, index!, { size: x!.shape[1]!, trusted: true }),
    null,
  ],
  batch: joinLeading,
  operands: ["x", "index"],
  derivative: ["g added at the indexed places", "none"],
  samples: () => [
    [uniform([2, 5, 3]), integers([2, 4, 3], 0, 5), { trusted: true }],
    [
      uniform([2, 5, 3], -2, 2, "transposed"),
      integers([2, 7, 3], 0, 5, "int32", "transposed"),
      { trusted: false },
    ],
    [uniform([1, 4, 1], -2, 2, "sliced"), integers([1, 0, 1], 0, 4), { trusted: false }],
    [integers([1, 4, 2], 0, 9), integers([1, 3, 2], 0, 4), { trusted: false }],
  ],
});

/** out[o, j, i] = Σ of g[o, k, i] over k with index[o, k, i] = j, in the order of k. */
export const scatterAdd3: Scatter = defineOp<2, SizeAttrs>({
  name: "scatterAdd",
  arity: 2,
  shape: ([g], { size }) => [g![0]!, size, g![2]!],
  dtype: ([g]) => {
    const dtype = g === "bool" ? "int32" : g!;
    return { operands: [dtype, "int32"], result: dtype };
  },
  forward: kernel({
    family: "scatterAdd",
    outputs: (attrs, [g]) => [
      { shape: [g!.shape[0]!, (attrs as SizeAttrs).size, g!.shape[2]!], dtype: g!.dtype },
    ],
    strided: () => true,
    source: scatterAddKernel,
    reference: scatterAddReference,
  }),
  key: ({ size, trusted }) => `${size}${trusted ? "" : "?"}`,
  vjp: ({ g, inputs: [, index] }) => [gather3(g, index!, { trusted: true }), null],
  batch: joinLeading,
  operands: ["x", "index"],
  derivative: ["g at the indexed places", "none"],
  samples: () => [
    ...[uniform([2, 4, 3]), uniform([2, 4, 3], -2, 2, "transposed")].map(
      (g): [SampleInput, SampleInput, SizeAttrs] => [
        g,
        integers([2, 4, 3], 0, 5),
        { size: 5, trusted: true },
      ],
    ),
    // Few columns with many indices, and more places than a thread holds.
    [uniform([1, 90, 1]), integers([1, 90, 1], 0, 140), { size: 140, trusted: false }],
    [uniform([1, 6, 20]), integers([1, 6, 20], 0, 9), { size: 9, trusted: true }],
    [uniform([1, 0, 2]), integers([1, 0, 2], 0, 3), { size: 3, trusted: true }],
    [integers([1, 5, 1], -3, 4), integers([1, 5, 1], 0, 3), { size: 3, trusted: true }],
  ],
});
