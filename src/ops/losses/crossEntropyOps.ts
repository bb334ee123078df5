import {
  crossEntropyKernel,
  labelOutside,
  WORKGROUP_COLUMNS,
  WORKGROUP_ROWS,
} from "../../../kernels/rows/crossEntropy.ts";
import { type DType, isFloat, type TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { Attrs, KernelCall, ReferenceCall, Spec } from "../../core/ir.ts";
import type { Shape } from "../../core/shape.ts";
import { type BatchCall, type DTypeRule, defineOp, kernel } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { mul, sub } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { logSoftmax, softmax, softmaxBackward } from "../reduce/softmax.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";

export interface CrossEntropyAttrs extends Attrs {
  /**
   * "rows": one loss per row; "shares": the same, divided by their number. "mean", "sum": one loss
   * for all, from a single workgroup.
   */
  readonly form: "rows" | "shares" | "mean" | "sum";
  /** Labels are probabilities in the shape of the logits; else they are classes. */
  readonly soft: boolean;
  /** Host data told that every label is a class: the device need not look. */
  readonly trusted: boolean;
}

type LossOp = (logits: Tensor, labels: Tensor, attrs: CrossEntropyAttrs) => Tensor;

const weightOf = (form: CrossEntropyAttrs["form"], rows: number): number =>
  form === "mean" || form === "shares" ? 1 / rows : 1;

/** The same as text, for the tape. */
const overRows = (form: unknown): string => (form === "mean" || form === "shares" ? " / rows" : "");

const perRow = (form: unknown): boolean => form === "rows" || form === "shares";

const outputs = (attrs: Attrs, [logits]: readonly Spec[]): Spec[] => [
  { shape: perRow(attrs.form) ? [logits!.shape[0]!] : [], dtype: "float32" },
  { shape: logits!.shape, dtype: "float32" },
];

function source(call: KernelCall) {
  const { form } = call.attrs as CrossEntropyAttrs;
  const weight = weightOf(form, call.inputs[0]!.shape[0]!);
  return crossEntropyKernel(call, weight);
}

function reference({ attrs, inputs, outputs: specs, create }: ReferenceCall): TypedArray[] {
  const [losses, slopes] = [create(specs[0]!), create(specs[1]!)];
  const { form, soft } = attrs as CrossEntropyAttrs;
  const [rows, columns] = inputs[0]!.shape as [number, number];
  const weight = weightOf(form, rows);
  const [x, labels] = inputs.map(({ data }) => data) as [TypedArray, TypedArray];
  for (let r = 0; r < rows; r++) {
    if (!soft && !(labels[r]! >= 0 && labels[r]! < columns)) {
      throw new IndexError(labelOutside(columns));
    }
    const start = r * columns;
    const p = (c: number) => (soft ? labels[start + c]! : Number(c === labels[r]));
    let top = x[start]!;
    for (let c = 1; c < columns; c++) top = Math.max(top, x[start + c]!);
    let total = 0;
    let mass = 0;
    for (let c = 0; c < columns; c++) {
      total += Math.exp(x[start + c]! - top);
      mass += p(c);
    }
    for (let c = 0; c < columns; c++) {
      const above = x[start + c]! - top;
      // A class that is not the label says nothing, even where its logit is infinite.
      if (soft || p(c) === 1)
        losses[perRow(form) ? r : 0]! += weight * p(c) * (Math.log(total) - above);
      slopes[start + c] = weight * ((Math.exp(above) / total) * mass - p(c));
    }
  }
  return [losses, slopes];
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

/** All examples' rows at once, each row for itself: [size, N] losses or [size, N, C] slopes. */
function rowsOfAll(op: LossOp, call: BatchCall<CrossEntropyAttrs>): Tensor {
  const byRow = joinLeading<CrossEntropyAttrs>(([x, y], attrs) => op(x!, y!, attrs));
  return byRow({ ...call, attrs: { ...call.attrs, form: "rows" } });
}

const rowsPerExample = ({ inputs, batched }: BatchCall): number =>
  inputs[0]!.shape[batched[0] ? 1 : 0]!;

function batchLoss(call: BatchCall<CrossEntropyAttrs>): Tensor {
  const { form } = call.attrs;
  const rows = rowsOfAll(crossEntropyLoss, call);
  const weight = weightOf(form, rowsPerExample(call));
  const weighted = weight === 1 ? rows : mul(rows, weight);
  return perRow(form) ? weighted : sum(weighted, 1);
}

function batchSlope(call: BatchCall<CrossEntropyAttrs>): Tensor {
  const slopes = rowsOfAll(crossEntropySlope, call);
  const weight = weightOf(call.attrs.form, rowsPerExample(call));
  return weight === 1 ? slopes : mul(slopes, weight);
}

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
  derivative: ({ form, soft }) =>
    soft
      ? [`g·(softmax(x)·Σ labels - labels)${overRows(form)}`, `-g·logSoftmax(x)${overRows(form)}`]
      : [`g·(softmax(x) - onehot(labels))${overRows(form)}`, "none"],
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
    const over = overRows(form);
    return soft
      ? [`s·(g - Σ g·s)·Σ labels${over} for s = softmax(x)`, `(Σ g·softmax(x) - g)${over}`]
      : [`s·(g - Σ g·s)${over} for s = softmax(x)`, "none"];
  },
  samples,
});

/** Whether one workgroup can take all rows, so that the loss needs no second launch. */
export const fitsWorkgroup = ([rows, columns]: Shape): boolean =>
  rows! > 0 && rows! <= WORKGROUP_ROWS && columns! <= WORKGROUP_COLUMNS;
