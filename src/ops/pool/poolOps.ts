import { avgPoolBackwardKernel, avgPoolKernel } from "../../../kernels/pool/avgPool.ts";
import { maxPoolBackwardKernel, maxPoolKernel } from "../../../kernels/pool/maxPool.ts";
import type { PoolAxis } from "../../../kernels/pool/poolWindow.ts";
import type { Attrs, Kernel, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import { defineOp, floating, kernel, type OpDefinition } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { gather3 } from "../indexing/gatherOps.ts";
import { reshape } from "../movement/movement.ts";
import { distinct, exactly, integers, type SampleInput, uniform } from "../samples.ts";
import {
  avgPoolBackwardReference,
  avgPoolReference,
  maxPoolBackwardReference,
  maxPoolReference,
} from "./poolReference.ts";

/** Pooling of rows over three axes: x [rows, d0, d1, d2], windows [rows, o0, o1, o2]. */
export interface PoolAttrs extends Attrs {
  readonly axes: readonly PoolAxis[];
}

/** A mean counts the places that exist, those of the padded axis too, or a given number. */
export interface AvgPoolAttrs extends PoolAttrs {
  readonly divisor: "window" | "padded" | number;
}

type PoolOp = (x: Tensor, attrs: PoolAttrs) => Tensor;
type AvgPoolOp = (x: Tensor, attrs: AvgPoolAttrs) => Tensor;
type ScatterOp = (g: Tensor, places: Tensor, attrs: PoolAttrs) => Tensor;

const windows = (rows: number, { axes }: PoolAttrs): Shape => [rows, ...axes.map((a) => a.out)];
const places = (rows: number, { axes }: PoolAttrs): Shape => [rows, ...axes.map((a) => a.size)];

const axisKey = (a: PoolAxis): string =>
  [a.size, a.out, a.kernel, a.stride, a.padding, a.dilation].join();
const key = ({ axes, divisor }: PoolAttrs): string =>
  `${axes.map(axisKey).join(";")}/${String(divisor ?? "")}`;

const outputOf =
  (shape: typeof windows) =>
  (attrs: Attrs, [x]: readonly Spec[]): Spec => ({
    shape: shape(x!.shape[0]!, attrs as PoolAttrs),
    dtype: x!.dtype,
  });

const poolKernel = (
  family: string,
  shape: typeof windows,
  rest: Pick<Kernel, "source" | "reference">,
): Kernel => {
  const output = outputOf(shape);
  return kernel({
    family,
    outputs: (a, inputs) => [output(a, inputs)],
    strided: () => true,
    ...rest,
  });
};

const point: PoolAxis = { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 };
/** Overlapping windows with padding and an adaptive axis; holes; both last windows cut short. */
const mixed: PoolAttrs = {
  axes: [
    point,
    { size: 5, out: 3, kernel: 3, stride: 2, padding: 1, dilation: 1 },
    { size: 7, out: 3, kernel: 0, stride: 1, padding: 0, dilation: 1 },
  ],
};
const holes: PoolAttrs = {
  axes: [
    { size: 3, out: 2, kernel: 2, stride: 2, padding: 0, dilation: 1 },
    point,
    { size: 6, out: 3, kernel: 3, stride: 2, padding: 2, dilation: 2 },
  ],
};
const empty: PoolAttrs = { axes: [point, point, mixed.axes[1]!] };

const maxSamples = (): [SampleInput, PoolAttrs][] => [
  [distinct([2, 1, 5, 7], 0.25, "transposed"), mixed],
  [distinct([1, 3, 1, 6]), holes],
  [uniform([0, 1, 1, 5]), empty],
];

const maxPoolOutputs = (attrs: Attrs, inputs: readonly Spec[]): Spec[] => {
  const values = outputOf(windows)(attrs, inputs);
  return [values, { ...values, dtype: "int32" }];
};
const maxPoolForward = (output: 0 | 1): Kernel =>
  kernel({
    family: "maxPool",
    output,
    outputs: maxPoolOutputs,
    strided: () => true,
    source: maxPoolKernel,
    reference: maxPoolReference,
  });

/** The largest element of each window. */
export const maxPoolValues: PoolOp = defineOp<1, PoolAttrs>({
  name: "maxPool",
  arity: 1,
  shape: ([x], attrs) => windows(x![0]!, attrs),
  dtype: floating,
  forward: maxPoolForward(0),
  key,
  vjp: ({ g, inputs: [x], attrs }) => [maxPoolBackward(g, maxPoolPlaces(x!, attrs), attrs)],
  batch: joinLeading<PoolAttrs>(([x], attrs) => maxPoolValues(x!, attrs)),
  derivative: ["g at the first largest place of each window"],
  samples: maxSamples,
});

/** Where it stands among the places of its row; computed in the launch of the values. */
export const maxPoolPlaces: PoolOp = defineOp<1, PoolAttrs>({
  name: "maxPoolIndices",
  arity: 1,
  shape: ([x], attrs) => windows(x![0]!, attrs),
  dtype: (dtypes) => ({ ...floating(dtypes), result: "int32" }),
  forward: maxPoolForward(1),
  key,
  vjp: null,
  nondifferentiable: "its values are places",
  batch: joinLeading<PoolAttrs>(([x], attrs) => maxPoolPlaces(x!, attrs)),
  derivative: ["none"],
  samples: () => [
    ...maxSamples(),
    [
      exactly([1, 1, 1, 5], [Number.NaN, 2, Number.NaN, 1, 1]),
      { axes: [point, point, { ...mixed.axes[1]!, size: 5, out: 3 }] },
    ],
  ],
});

/** g of each window added at the place that the window names, which it must see. */
export const maxPoolBackward: ScatterOp = defineOp<2, PoolAttrs>({
  name: "maxPoolBackward",
  arity: 2,
  shape: ([g], attrs) => places(g![0]!, attrs),
  dtype: ([g]) => {
    const { result } = floating([g!]);
    return { operands: [result, "int32"], result };
  },
  forward: poolKernel("maxPoolBackward", places, {
    source: maxPoolBackwardKernel,
    reference: maxPoolBackwardReference,
  }),
  key,
  vjp: ({ g, inputs: [, index] }) => [pick(g, index!), null],
  batch: joinLeading<PoolAttrs>(([g, index], attrs) => maxPoolBackward(g!, index!, attrs)),
  derivative: ["g at the named places", "none"],
  samples: () => [
    [uniform([1, 1, 1, 3]), exactly([1, 1, 1, 3], [1, 1, 4], "int32"), empty],
    [
      uniform([2, 2, 1, 3], -2, 2, "transposed"),
      exactly([2, 2, 1, 3], [2, 8, 4, 14, 12, 16], "int32"),
      holes,
    ],
    [uniform([0, 1, 1, 3]), integers([0, 1, 1, 3], 0, 1), empty],
  ],
});

/** x [rows, …] at the places that `index` [rows, …] names in each row. */
export function pick(x: Tensor, index: Tensor): Tensor {
  const rows = index.shape[0]!;
  const line = (t: Tensor) => reshape(t, [rows, rows === 0 ? 0 : t.size / rows, 1]);
  return reshape(gather3(line(x), line(index), { trusted: true }), index.shape);
}

const averaged = (
  name: string,
  from: typeof windows,
  to: typeof windows,
  def: Pick<Kernel, "source" | "reference"> &
    Pick<OpDefinition<1, AvgPoolAttrs>, "vjp" | "batch" | "derivative">,
): AvgPoolOp =>
  defineOp<1, AvgPoolAttrs>({
    name,
    arity: 1,
    shape: ([x], attrs) => to(x![0]!, attrs),
    dtype: floating,
    forward: poolKernel(name, to, { source: def.source, reference: def.reference }),
    key,
    vjp: def.vjp,
    ...(def.batch && { batch: def.batch }),
    derivative: def.derivative,
    samples: () => [
      [uniform(from(2, mixed), -2, 2, "transposed"), { ...mixed, divisor: "padded" }],
      [uniform(from(2, mixed)), { ...mixed, divisor: "window" }],
      [uniform(from(0, empty)), { ...empty, divisor: 3 }],
    ],
  });

/** The mean of each window. */
export const avgPoolRows: AvgPoolOp = averaged("avgPool", places, windows, {
  source: avgPoolKernel,
  reference: avgPoolReference,
  vjp: ({ g, attrs }) => [avgPoolBackward(g, attrs)],
  batch: joinLeading<AvgPoolAttrs>(([x], attrs) => avgPoolRows(x!, attrs)),
  derivative: ["g / count, added over the windows that see the place"],
});

/** The transpose of `avgPoolRows`, and so its gradient. */
export const avgPoolBackward: AvgPoolOp = averaged("avgPoolBackward", windows, places, {
  source: avgPoolBackwardKernel,
  reference: avgPoolBackwardReference,
  vjp: ({ g, attrs }) => [avgPoolRows(g, attrs)],
  batch: joinLeading<AvgPoolAttrs>(([g], attrs) => avgPoolBackward(g!, attrs)),
  derivative: ["the means of g"],
});
