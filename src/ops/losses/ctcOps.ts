import { ctcBackwardKernel, ctcKernel } from "../../../kernels/rows/ctc.ts";
import type { DType } from "../../core/dtype.ts";
import type { Attrs, Spec } from "../../core/ir.ts";
import {
  type BatchCall,
  type Composition,
  type DTypeRule,
  defineOp,
  floating,
  kernel,
  pointwise,
  type Unary,
  vjpOf,
} from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { permute, reshape } from "../movement/movement.ts";
import { logSoftmaxBackward } from "../reduce/softmax.ts";
import { same } from "../rules.ts";
import { exactly, type SampleInput, uniform } from "../samples.ts";
import { ctcComposed } from "./ctcComposed.ts";
import { ctcBackwardReference, ctcReference } from "./ctcReference.ts";

/** What labels are checked against. */
export interface CtcAttrs extends Attrs {
  readonly classes: number;
  readonly blank: number;
}

const messagesOf = ([emissions, labels]: readonly Spec[], { classes, blank }: CtcAttrs) => ({
  steps: `ctcLoss: input length outside 0..${emissions!.shape[0]}. Give the steps of each example.`,
  count: `ctcLoss: target length outside 0..${labels!.shape[1]}. Give the labels of each example.`,
  label: `ctcLoss: label outside 0..${classes - 1}. Keep each one at least 0 and below ${classes}.`,
  blank:
    `ctcLoss: a label is the blank, ${blank}, which stands between labels. Number the labels ` +
    "without it, or pass another blank.",
});

const outputs = (_: Attrs, [emissions]: readonly Spec[]): Spec[] => [
  { shape: [emissions!.shape[1]!], dtype: "float32" },
  { shape: emissions!.shape, dtype: "float32" },
];

const dtype = (): DTypeRule => ({ operands: ["float32", "int32", "int32"], result: "float32" });

const forward = (output: 0 | 1) =>
  kernel({
    family: "ctc",
    output,
    outputs,
    strided: () => true,
    source: (call) => ctcKernel(call, messagesOf(call.inputs, call.attrs as CtcAttrs)),
    reference: (call) => ctcReference(call, messagesOf(call.inputs, call.attrs as CtcAttrs)),
  });

/** Inputs of which axis `axes[i]` counts the examples, with those of all examples in it. */
function joined(call: BatchCall<CtcAttrs>, axes: readonly number[]): Tensor[] {
  return spread(call).map((x, i) => {
    const at = axes[i]!;
    const order = x.shape.map((_, d) => (d < at ? d + 1 : d === at ? 0 : d));
    const moved = permute(x, order);
    const count = moved.shape[at]! * moved.shape[at + 1]!;
    return reshape(moved, [...moved.shape.slice(0, at), count, ...moved.shape.slice(at + 2)]);
  });
}

/** A result [T, size·N, states] as [size, T, N, states]. */
function parted(out: Tensor, size: number): Tensor {
  const [steps, count, states] = out.shape as [number, number, number];
  return permute(reshape(out, [steps, size, count / size, states]), [1, 0, 2, 3]);
}

type CtcOp = (emissions: Tensor, labels: Tensor, lengths: Tensor, attrs: CtcAttrs) => Tensor;

const attrs: CtcAttrs = { classes: 4, blank: 0 };
const samples = (): [SampleInput, SampleInput, SampleInput, CtcAttrs][] => [
  [
    uniform([4, 3, 5], -2, -0.1),
    exactly([3, 2], [1, 2, 3, 3, 1, 0], "int32"),
    exactly([2, 3], [4, 3, 3, 2, 2, 1], "int32"),
    attrs,
  ],
  [
    uniform([2, 1, 3], -2, -0.1),
    exactly([1, 1], [1], "int32"),
    exactly([2, 1], [1, 0], "int32"),
    attrs,
  ],
];

/** The loss of each example, [N], from the log probabilities of states; see kernels/rows/ctc.ts. */
export const ctcLosses: CtcOp = defineOp<3, CtcAttrs>({
  name: "ctcLoss",
  arity: 3,
  shape: ([emissions]) => [emissions![1]!],
  dtype,
  forward: forward(0),
  composed: (inputs) => ctcComposed(inputs),
  vjp: ({ g, inputs, attrs }) => {
    const [emissions, labels, lengths] = inputs as [Tensor, Tensor, Tensor];
    const alphas = ctcAlphas(emissions, labels, lengths, attrs);
    return [ctcLossBackward(g, emissions, labels, lengths, alphas, attrs), null, null];
  },
  batch: (call) => {
    const [e, labels, lengths] = joined(call, [1, 0, 1]) as [Tensor, Tensor, Tensor];
    return reshape(ctcLosses(e, labels, lengths, call.attrs), [call.size, e.shape[1]! / call.size]);
  },
  operands: ["x", "labels", "lengths"],
  derivative: ["-g·p(state | labels)", "none", "none"],
  samples,
});

/** The log probabilities of all paths up to each step and state, from the loss's launch. */
const ctcAlphas: CtcOp = defineOp<3, CtcAttrs>({
  name: "ctcAlphas",
  arity: 3,
  shape: same,
  dtype,
  forward: forward(1),
  vjp: null,
  nondifferentiable: "they are kept for the loss's gradient, and are not differentiated",
  batch: (call) => {
    const [e, labels, lengths] = joined(call, [1, 0, 1]) as [Tensor, Tensor, Tensor];
    return parted(ctcAlphas(e, labels, lengths, call.attrs), call.size);
  },
  operands: ["x", "labels", "lengths"],
  derivative: ["none", "none", "none"],
  samples: () => [
    [
      uniform([2, 2, 3], -2, -0.1),
      exactly([2, 1], [1, 2], "int32"),
      exactly([2, 2], [2, 2, 1, 1], "int32"),
      attrs,
    ],
  ],
});

const backwardComposed: Composition<CtcAttrs> = ([g, ...rest], _, pullback) =>
  pullback(ctcComposed, rest.slice(0, 3), g!)[0]!;

type BackwardOp = (
  g: Tensor,
  emissions: Tensor,
  labels: Tensor,
  lengths: Tensor,
  alphas: Tensor,
  attrs: CtcAttrs,
) => Tensor;

/** The loss's gradient, from its alphas. */
const ctcLossBackward: BackwardOp = defineOp<5, CtcAttrs>({
  name: "ctcLossBackward",
  arity: 5,
  shape: ([, emissions]) => emissions!,
  dtype: (): DTypeRule => {
    const operands: DType[] = ["float32", "float32", "int32", "int32", "float32"];
    return { operands, result: "float32" };
  },
  forward: kernel({
    family: "ctcLossBackward",
    outputs: (_, [, emissions]) => [{ shape: emissions!.shape, dtype: "float32" }],
    strided: () => true,
    source: ctcBackwardKernel,
    reference: ctcBackwardReference,
  }),
  composed: backwardComposed,
  vjp: vjpOf(backwardComposed) as never,
  batch: (call) => {
    const [g, e, labels, lengths, alphas] = joined(call, [0, 1, 0, 1, 1]) as Tensor[];
    return parted(ctcLossBackward(g!, e!, labels!, lengths!, alphas!, call.attrs), call.size);
  },
  operands: ["g", "x", "labels", "lengths", "alphas"],
  derivative: ["-Σ h·p(state | labels)", "by composition", "none", "none", "none"],
  samples: () => samples().map(([e, ...rest]) => [uniform([e.shape[1]!]), e, ...rest]),
  sampleCall: (g: Tensor, e: Tensor, labels: Tensor, lengths: Tensor, attrs: CtcAttrs) =>
    ctcLossBackward(g, e, labels, lengths, ctcAlphas(e, labels, lengths, attrs), attrs),
});

/**
 * x itself, which is known to be a result of `logSoftmax`: gradients keep to what such results can
 * change by, as those of PyTorch's `ctc_loss` do.
 */
export const logProbabilities: Unary = defineOp<1>({
  name: "logProbabilities",
  arity: 1,
  shape: same,
  dtype: floating,
  forward: pointwise({ wgsl: ([x]) => x!, js: () => (x) => x! }),
  vjp: ({ g, inputs: [x] }) => {
    const rows = (t: Tensor) => reshape(t, [t.size / t.shape.at(-1)!, t.shape.at(-1)!]);
    return [reshape(logSoftmaxBackward(rows(g), rows(x!)), x!.shape)];
  },
  derivative: ["g - exp(x)·Σ g"],
  samples: () => [[uniform([2, 3], -2, -0.1)]],
  gradcheck: { order: 0, why: "the gradient is that of logSoftmax, of whose results x is one" },
});
