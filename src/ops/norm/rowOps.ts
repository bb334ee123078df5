import { normalizeRows as source } from "../../../kernels/norm/normalize.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import {
  type BatchCall,
  type Composition,
  defineOp,
  kernel,
  type VjpCall,
  vjpOf,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { reshape } from "../movement/movement.ts";
import { channelLevel, channelTilt } from "./channelOps.ts";
import { normalizeRowsReference as reference } from "./normReferences.ts";
import {
  allFloat32,
  composedRows,
  intoExamples,
  momentsOf,
  type NormAttrs,
  outOfSecond,
  rowAxes,
  rowOf,
} from "./normRules.ts";
import { normSamples } from "./normSamples.ts";
import { normalizeRowsGrad } from "./rowGradOp.ts";

/** Normalization of rows in one launch, with its statistics; see normRules.ts. */

type RowOp = (x: Tensor, weight: Tensor, bias: Tensor, attrs: NormAttrs) => Tensor;

const momentsShape = ([n, g]: Shape): Shape => [3, n!, g!];

const outputs = (_: Attrs, [x]: readonly Spec[]): Spec[] => [
  { shape: x!.shape, dtype: "float32" },
  { shape: momentsShape(x!.shape), dtype: "float32" },
];

const forward = (output: 0 | 1) =>
  kernel({ family: "normalizeRows", output, outputs, strided: () => true, source, reference });

const composedMoments: Composition<NormAttrs> = ([x], attrs) => momentsOf(x!, rowAxes(x!), attrs);

function vjp({ g, inputs, attrs }: VjpCall<NormAttrs>): [Tensor, Tensor | null, Tensor | null] {
  const [x, w, b] = inputs as [Tensor, Tensor, Tensor];
  const moments = rowMoments(x, w, b, attrs);
  const dx = normalizeRowsGrad(g, x, w, moments, attrs);
  const sums = [g, x, rowOf(moments, 0), rowOf(moments, 1), { ...attrs, over: "rows" }] as const;
  return [
    dx,
    attrs.weight ? channelTilt(...sums) : null,
    attrs.bias ? channelLevel(...sums) : null,
  ];
}

/** The examples of all become rows; with a weight or a bias for each, the composition is batched. */
function batchInputs(call: BatchCall<NormAttrs>): [Tensor, Tensor, Tensor] | null {
  const { inputs, batched, size, attrs } = call;
  const own = (attrs.weight && batched[1]) || (attrs.bias && batched[2]);
  if (own || size === 0) return null;
  const x = intoExamples(spread(call)[0]!);
  return [x, attrs.weight ? inputs[1]! : x, attrs.bias ? inputs[2]! : x];
}

/** (x - mean) · rstd · weight + bias by the statistics of each row. */
export const normalizeRows: RowOp = defineOp<3, NormAttrs>({
  name: "normalizeRows",
  arity: 3,
  shape: ([x]) => x!,
  dtype: allFloat32,
  forward: forward(0),
  composed: composedRows,
  vjp,
  batch: (call) => {
    const folded = batchInputs(call);
    if (folded === null) return null;
    const out = normalizeRows(...folded, call.attrs);
    return reshape(out, [call.size, out.shape[0]! / call.size, ...out.shape.slice(1)]);
  },
  operands: ["x", "w", "b"],
  derivative: ({ centered }) => [
    centered
      ? "rstd·(g·w - mean(g·w) - u·mean(g·w·u)) for u = (x - mean)·rstd"
      : "rstd·(g·w - u·mean(g·w·u)) for u = x·rstd",
    "Σ g·u for u = (x - mean)·rstd",
    "Σ g",
  ],
  samples: normSamples,
});

/** Mean, rstd and variance of each row, [3, N, G], from the launch that normalizes them. */
export const rowMoments: RowOp = defineOp<3, NormAttrs>({
  name: "rowMoments",
  arity: 3,
  shape: ([x]) => momentsShape(x!),
  dtype: allFloat32,
  forward: forward(1),
  composed: composedMoments,
  vjp: (call) => [vjpOf(composedMoments)(call)[0]!, null, null],
  batch: (call) => {
    const folded = batchInputs(call);
    return folded && outOfSecond(rowMoments(...folded, call.attrs), call.size);
  },
  operands: ["x", "w", "b"],
  derivative: ["that of mean, 1 / √(variance + eps) and variance", "none", "none"],
  samples: normSamples,
});
