import {
  type AttentionAttrs,
  attentionShape,
  partShapes,
  withRows,
} from "../../../kernels/attention/attentionShape.ts";
import { attentionBackwardKernel } from "../../../kernels/attention/backward.ts";
import { attentionKernel } from "../../../kernels/attention/forward.ts";
import { type DType, isFloat, promote } from "../../core/dtype.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import { type Shape, sizeOf } from "../../core/shape.ts";
import { type BatchCall, type DTypeRule, defineVariadic, kernel, vjpOf } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { cat } from "../movement/join.ts";
import { reshape } from "../movement/movement.ts";
import { narrow } from "../movement/slice.ts";
import { attentionBackwardSamples, attentionSamples } from "./attentionSamples.ts";
import { composedAttention, composedBackward } from "./composition.ts";
import { attentionBackwardReference, attentionReference } from "./reference.ts";

/**
 * The kernels of attention over [q, k, v] or [packed], and behind them what masks the pairs
 * [...problems, L, S] unless `extra` is "none". All axes are equal but rows and widths: the
 * functions in attention.ts see to that.
 */
type AttentionOp = (inputs: readonly Tensor[], attrs: AttentionAttrs) => Tensor;

/** How many inputs hold q, k and v. */
const held = ({ packed }: AttentionAttrs): number => (packed ? 1 : 3);

/** q, k and v share a float dtype; a mask keeps its own. */
const dtypeRule =
  (skip: number, result?: DType) =>
  (dtypes: readonly DType[], attrs: AttentionAttrs): DTypeRule => {
    const values = dtypes.slice(skip, skip + held(attrs)).reduce(promote);
    const float = isFloat(values) ? values : "float32";
    const isValue = (i: number) => i >= skip && i < skip + held(attrs);
    return {
      operands: dtypes.map((dtype, i) => (isValue(i) ? float : dtype)),
      result: result ?? float,
    };
  };

const key = ({ scale, causal, extra, rows, packed }: AttentionAttrs): string =>
  [scale, causal ? "causal" : "", extra, rows, packed ? "packed" : ""].join();

function forwardShapes(shapes: readonly Shape[], attrs: AttentionAttrs): [Shape, Shape] {
  const { problems, queries, valueWidth } = attentionShape(shapes, attrs);
  return [withRows(problems, attrs.rows, queries, valueWidth), [...problems, queries, 2]];
}

const shapesOf = (specs: readonly Spec[]): Shape[] => specs.map((s) => s.shape);

const forward = (output: 0 | 1) =>
  kernel({
    family: "attention",
    output,
    outputs: (attrs: Attrs, inputs) =>
      forwardShapes(shapesOf(inputs), attrs as AttentionAttrs).map((shape) => ({
        shape,
        dtype: "float32" as const,
      })),
    strided: () => true,
    source: attentionKernel,
    reference: attentionReference,
  });

/** Examples are more problems, whose axis stands in front. */
const moreProblems = (op: AttentionOp) => (call: BatchCall<AttentionAttrs>) =>
  op(spread(call), { ...call.attrs, rows: call.attrs.rows + 1 });

const flat = (...args: readonly unknown[]): [Tensor[], AttentionAttrs] => [
  args.slice(0, -1) as Tensor[],
  args.at(-1) as AttentionAttrs,
];

/** out of q, k and v in the layout of q, with the width of v. */
export const attention: AttentionOp = defineVariadic<AttentionAttrs>({
  name: "attention",
  arity: 3,
  shape: (shapes, attrs) => forwardShapes(shapes, attrs)[0],
  dtype: dtypeRule(0),
  forward: forward(0),
  key,
  vjp: ({ g, out, inputs, attrs, pullback }) => {
    const statistics = attentionStatistics(inputs, attrs);
    const all = attentionBackward([g, ...inputs, out, statistics], attrs);
    const shapes = inputs.slice(0, held(attrs)).map((x) => x.shape);
    const gradients: (Tensor | null)[] = attrs.packed ? [all] : apart(all, shapes);
    if (attrs.extra === "none") return gradients;
    // Few masks are learned.
    const learned = isFloat(inputs.at(-1)!.dtype) && inputs.at(-1)!.requiresGrad;
    const ofExtra = () => pullback((xs) => composedAttention(xs, attrs), inputs, g).at(-1)!;
    return [...gradients, learned ? ofExtra() : null];
  },
  batch: moreProblems((inputs, attrs) => attention(inputs, attrs)),
  composed: composedAttention,
  operands: ["q", "k", "v", "mask"],
  derivative: ["by a kernel of its own, from softmax(q·kᵀ) made again"],
  samples: attentionSamples,
  sampleCall: (...args) => attention(...flat(...args)),
});

/** The largest score of each query and 1 / Σ e^(score - largest) [...problems, L, 2]; kept. */
export const attentionStatistics: AttentionOp = defineVariadic<AttentionAttrs>({
  name: "attentionStatistics",
  arity: 3,
  shape: (shapes, attrs) => forwardShapes(shapes, attrs)[1],
  dtype: dtypeRule(0, "float32"),
  forward: forward(1),
  key,
  vjp: null,
  nondifferentiable: "it is kept by attention for its own derivative",
  batch: moreProblems((inputs, attrs) => attentionStatistics(inputs, attrs)),
  operands: ["q", "k", "v", "mask"],
  derivative: ["none"],
  samples: attentionSamples,
  sampleCall: (...args) => attentionStatistics(...flat(...args)),
});

/** dq, dk and dv from the one result that holds them. */
function apart(all: Tensor, shapes: readonly Shape[]): Tensor[] {
  let start = 0;
  return shapes.map((shape) => {
    const part = narrow(all, all.rank - 1, start, sizeOf(shape));
    start += sizeOf(shape);
    return reshape(part, [...all.shape.slice(0, -1), ...shape]);
  });
}

function batchBackward(call: BatchCall<AttentionAttrs>): Tensor {
  const { attrs, size } = call;
  const inputs = spread(call);
  const all = attentionBackward(inputs, { ...attrs, rows: attrs.rows + 1 });
  if (attrs.packed) return all;
  const shapes = inputs.slice(1, 4).map((x) => x.shape);
  const rows = apart(all, shapes).map((x) => reshape(x, [size, x.size / size]));
  return cat(rows, 1);
}

function backwardShape([, ...shapes]: readonly Shape[], attrs: AttentionAttrs): Shape {
  if (attrs.packed) return shapes[0]!;
  return [partShapes(shapes, attrs).reduce((total, shape) => total + sizeOf(shape), 0)];
}

/** From g, the inputs of the forward pass, its result and what it kept: see the kernel. */
export const attentionBackward: AttentionOp = defineVariadic<AttentionAttrs>({
  name: "attentionBackward",
  arity: 6,
  shape: backwardShape,
  dtype: dtypeRule(1),
  forward: kernel({
    family: "attentionBackward",
    outputs: (attrs, inputs) => [
      { shape: backwardShape(shapesOf(inputs), attrs as AttentionAttrs), dtype: "float32" },
    ],
    strided: () => true,
    source: attentionBackwardKernel,
    reference: attentionBackwardReference,
  }),
  key,
  vjp: vjpOf(composedBackward),
  batch: batchBackward,
  composed: composedBackward,
  operands: ["g", "q", "k", "v", "mask", "out", "statistics"],
  derivative: ["by its composition of plain ops"],
  samples: attentionBackwardSamples,
  sampleCall: (...args) => {
    const [[g, ...inputs], attrs] = flat(...args);
    const [out, kept] = [attention(inputs, attrs), attentionStatistics(inputs, attrs)];
    return attentionBackward([g!, ...inputs, out, kept], attrs);
  },
});
