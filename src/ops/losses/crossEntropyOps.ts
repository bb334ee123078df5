import {
  crossEntropyKernel,
  WORKGROUP_COLUMNS,
  WORKGROUP_ROWS,
} from "../../../kernels/rows/crossEntropy.ts";
import { type DType, isFloat } from "../../core/dtype.ts";
import type { Attrs, KernelCall, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import { type DTypeRule, defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul, sub } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { logSoftmax, softmax, softmaxBackward } from "../reduce/softmax.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";
import { batchLoss, batchSlope } from "./crossEntropyBatch.ts";
import { type CrossEntropyAttrs, perRow, weightOf } from "./crossEntropyForm.ts";
import { crossEntropyReference as reference } from "./crossEntropyReference.ts";

type LossOp = (logits: Tensor, labels: Tensor, attrs: CrossEntropyAttrs) => Tensor;

const outputs = (attrs: Attrs, [logits]: readonly Spec[]): Spec[] => [
  { shape: perRow(attrs.form) ? [logits!.shape[0]!] : [], dtype: "float32" },
  { shape: logits!.shape, dtype: "float32" },
];

function source(call: KernelCall) {
  const { form } = call.attrs as CrossEntropyAttrs;
  const weight = weightOf(form, call.inputs[0]!.shape[0]!);
  return crossEntropyKernel(call, weight);
}

/** float16 is read as it is; the loss and its slopes, small numbers, are float32. */
const dtype = ([x, labels]: readonly DType[], { soft }: Attrs): DTypeRule => ({
  operands: [isFloat(x!) ? x! : "float32", soft ? labels! : "int32"],
  result: "float32",
});
const key = ({ form, soft, trusted }: CrossEntropyAttrs): string =>
  `${form}${soft ? "~" : trusted ? "" : "?"}`;
const forward = (output: 0 | 1) =>
  kernel({ family: "crossEntropy", output, outputs, strided: () => true, source, reference });

const samples = (): [SampleInput, SampleInput, CrossEntropyAttrs][] =>
  (["rows", "shares", "mean", "sum"] as const).flatMap((form) => {
    const hard = { form, soft: false, trusted: false };
    const soft = { form, soft: true, trusted: false };
    return [
      [uniform([4, 5]), integers([4], 0, 5), hard],
      [uniform([70, 3], -2, 2, "transposed"), integers([70], 0, 3), hard],
      [uniform([1, 1], -2, 2, "sliced"), integers([1], 0, 1), hard],
      [uniform([3, 40]), integers([3], 0, 40), hard],
      [uniform([3, 5]), uniform([3, 5], 0, 1, "transposed"), soft],
      [uniform([9, 8]), uniform([9, 8], 0, 1), soft],
    ];
  });

/** g times a value per row, for each class. */
const perClass = (g: Tensor, { form }: CrossEntropyAttrs): Tensor =>
  perRow(form) ? reshape(g, [g.size, 1]) : g;

/** The loss of each row, or of all: labels are classes [N], or probabilities [N, C]. */
export const crossEntropyLoss: LossOp = defineOp<2, CrossEntropyAttrs>({
  name: "crossEntropy",
  arity: 2,
  shape: ([logits], { form }): Shape => (perRow(form) ? [logits![0]!] : []),
  dtype,
  forward: forward(0),
  key,
  vjp: ({ g, inputs, attrs }) => {
    const [logits, labels] = inputs as [Tensor, Tensor];
    const given = perClass(g, attrs);
    const weight = -weightOf(attrs.form, logits.shape[0]!);
    return [
      mul(given, crossEntropySlope(logits, labels, attrs)),
      attrs.soft ? mul(given, mul(logSoftmax(logits, 1), weight)) : null,
    ];
  },
  batch: batchLoss,
  operands: ["x", "labels"],
  derivative: ({ form, soft }) => {
    const over = form === "mean" || form === "shares" ? " / rows" : "";
    return soft
      ? [`g·(softmax(x)·Σ labels - labels)${over}`, `-g·logSoftmax(x)${over}`]
      : [`g·(softmax(x) - onehot(labels))${over}`, "none"];
  },
  samples,
});

/** (softmax(x) Σ p - p) · weight: the loss's gradient, computed in the loss's launch. */
export const crossEntropySlope: LossOp = defineOp<2, CrossEntropyAttrs>({
  name: "crossEntropyBackward",
  arity: 2,
  shape: ([logits]) => logits!,
  dtype,
  forward: forward(1),
  key,
  vjp: ({ g, inputs, attrs }) => {
    const [logits, labels] = inputs as [Tensor, Tensor];
    const weight = weightOf(attrs.form, logits.shape[0]!);
    const s = softmax(logits, 1);
    const back = mul(softmaxBackward(g, s), weight);
    if (!attrs.soft) return [back, null];
    const apart = sub(sum(mul(g, s), 1, true), g);
    return [mul(back, sum(labels, 1, true)), mul(apart, weight)];
  },
  batch: batchSlope,
  operands: ["x", "labels"],
  derivative: ({ form, soft }) => {
    const over = form === "mean" || form === "shares" ? " / rows" : "";
    return soft
      ? [`s·(g - Σ g·s)·Σ labels${over} for s = softmax(x)`, `(Σ g·softmax(x) - g)${over}`]
      : [`s·(g - Σ g·s)${over} for s = softmax(x)`, "none"];
  },
  samples,
});

/** Whether one workgroup can take all rows, so that the loss needs no second launch. */
export const fitsWorkgroup = ([rows, columns]: Shape): boolean =>
  rows! > 0 && rows! <= WORKGROUP_ROWS && columns! <= WORKGROUP_COLUMNS;
