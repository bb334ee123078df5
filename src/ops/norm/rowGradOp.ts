import { normalizeRowsGrad as source } from "../../../kernels/norm/normalize.ts";
import { type BatchCall, type Composition, defineOp, kernel, vjpOf } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { permute, reshape } from "../movement/movement.ts";
import { type SampleInput, uniform } from "../samples.ts";
import { normalizeRowsGradReference as reference } from "./normReferences.ts";
import {
  allFloat32,
  composedRows,
  intoExamples,
  momentsOf,
  type NormAttrs,
  rowAxes,
} from "./normRules.ts";
import { normSamples } from "./normSamples.ts";

type GradOp = (g: Tensor, x: Tensor, weight: Tensor, moments: Tensor, attrs: NormAttrs) => Tensor;

const composed: Composition<NormAttrs> = ([g, x, w], attrs, pullback) => {
  const rows = (inputs: readonly Tensor[]) =>
    composedRows([...inputs, w!], { ...attrs, bias: false }, pullback);
  return pullback(rows, [x!, w!], g!)[0]!;
};

function batch(call: BatchCall<NormAttrs>): Tensor | null {
  const { inputs, batched, size, attrs } = call;
  if ((attrs.weight && batched[2]) || size === 0) return null;
  const [g, x, , moments] = spread(call) as [Tensor, Tensor, Tensor, Tensor];
  const rows = intoExamples(x);
  const [n, groups] = rows.shape as [number, number];
  const stats = reshape(permute(moments, [1, 0, 2, 3]), [3, n, groups]);
  const w = attrs.weight ? inputs[2]! : rows;
  const out = normalizeRowsGrad(intoExamples(g), rows, w, stats, attrs);
  return reshape(out, [size, n / size, ...out.shape.slice(1)]);
}

/** d(Σ g·y)/dx of y = `normalizeRows`(x, w, …); its last input are the saved statistics. */
export const normalizeRowsGrad: GradOp = defineOp<4, NormAttrs>({
  name: "normalizeRowsBackward",
  arity: 4,
  shape: ([g]) => g!,
  dtype: allFloat32,
  forward: kernel({
    family: "normalizeRowsBackward",
    outputs: (_, [g]) => [{ shape: g!.shape, dtype: "float32" }],
    strided: () => true,
    source,
    reference,
  }),
  composed,
  vjp: (call) => vjpOf(composed)(call) as [Tensor, Tensor, Tensor | null, null],
  batch,
  operands: ["g", "x", "w", "moments"],
  derivative: [
    "that of the composition",
    "that of the composition",
    "that of the composition",
    "none",
  ],
  samples: () =>
    normSamples().map(([x, w, , attrs]): [SampleInput, SampleInput, SampleInput, NormAttrs] => {
      return [uniform(x.shape), x, w, attrs];
    }),
  sampleCall: ((g: Tensor, x: Tensor, w: Tensor, attrs: NormAttrs) =>
    normalizeRowsGrad(g, x, w, momentsOf(x, rowAxes(x), attrs), attrs)) as never,
});
