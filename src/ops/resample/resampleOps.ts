import {
  type ResampleAxis,
  type ResampleMode,
  resampleBackwardKernel,
  resampleKernel,
} from "../../../kernels/pool/resample.ts";
import type { Attrs, Kernel } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import { defineOp, floating, kernel, type OpDefinition } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { uniform } from "../samples.ts";
import { resampleBackwardReference, resampleReference } from "./resampleReference.ts";

/** Resampling of rows over three axes: x [rows, d0, d1, d2] to [rows, o0, o1, o2]. */
export interface ResampleAttrs extends Attrs {
  readonly axes: readonly ResampleAxis[];
  readonly mode: ResampleMode;
  readonly alignCorners: boolean;
}

type ResampleOp = (x: Tensor, attrs: ResampleAttrs) => Tensor;
type Side = "size" | "out";

const shapeOf = (rows: number, { axes }: ResampleAttrs, side: Side): Shape => [
  rows,
  ...axes.map((axis) => axis[side]),
];

const kept: ResampleAxis = { size: 1, out: 1, scale: 1 };
const linear: ResampleAttrs = {
  axes: [
    { size: 2, out: 3, scale: 0.5 },
    { ...kept, size: 2, out: 2 },
    { size: 4, out: 3, scale: 4 / 3 },
  ],
  mode: "linear",
  alignCorners: false,
};
const cubic: ResampleAttrs = {
  axes: [kept, { size: 3, out: 2, scale: 2 }, { size: 3, out: 14, scale: 3 / 14 }],
  mode: "cubic",
  alignCorners: false,
};
const aligned: ResampleAttrs = { ...cubic, mode: "linear", alignCorners: true };
const nearest: ResampleAttrs = {
  axes: [kept, kept, { size: 5, out: 3, scale: 5 / 3 }],
  mode: "nearest",
  alignCorners: false,
};

const resampling = (
  name: string,
  [from, to]: readonly [Side, Side],
  def: Pick<Kernel, "source" | "reference"> &
    Pick<OpDefinition<1, ResampleAttrs>, "vjp" | "batch" | "derivative">,
): ResampleOp =>
  defineOp<1, ResampleAttrs>({
    name,
    arity: 1,
    shape: ([x], attrs) => shapeOf(x![0]!, attrs, to),
    dtype: floating,
    forward: kernel({
      family: name,
      outputs: (attrs, [x]) => [
        { shape: shapeOf(x!.shape[0]!, attrs as ResampleAttrs, to), dtype: x!.dtype },
      ],
      strided: () => true,
      source: def.source,
      reference: def.reference,
    }),
    vjp: def.vjp,
    ...(def.batch && { batch: def.batch }),
    derivative: def.derivative,
    samples: () => [
      [uniform(shapeOf(2, linear, from), -2, 2, "transposed"), linear],
      [uniform(shapeOf(1, cubic, from)), cubic],
      [uniform(shapeOf(1, aligned, from)), aligned],
      [uniform(shapeOf(0, nearest, from)), nearest],
    ],
  });

/** out[o] = Σ over taps of weight·x[place]. */
export const resampleRows: ResampleOp = resampling("resample", ["size", "out"], {
  source: resampleKernel,
  reference: resampleReference,
  vjp: ({ g, attrs }) => [resampleBackward(g, attrs)],
  batch: joinLeading,
  derivative: ["weight·g, added over the outputs that read the place"],
});

/** The transpose of `resampleRows`, and so its gradient. */
export const resampleBackward: ResampleOp = resampling("resampleBackward", ["out", "size"], {
  source: resampleBackwardKernel,
  reference: resampleBackwardReference,
  vjp: ({ g, attrs }) => [resampleRows(g, attrs)],
  batch: joinLeading,
  derivative: ["g resampled"],
});
