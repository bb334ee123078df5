import {
  crossEntropyRows,
  crossEntropyTotal,
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
import { mul } from "../elementwise/arithmetic.ts";
import { reshape } from "../movement/movement.ts";
import { sum } from "../reduce/reduce.ts";
import { softmax, softmaxBackward } from "../reduce/softmax.ts";
import { integers, type SampleInput, uniform } from "../samples.ts";

/**
 * "rows": one loss per row; "shares": the same, divided by their number. "mean", "sum": one loss
 * for all, from a single workgroup.
 */
export interface CrossEntropyAttrs extends Attrs {
  readonly form: "rows" | "shares" | "mean" | "sum";
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
  return perRow(form) ? crossEntropyRows(call, weight) : crossEntropyTotal(call, weight);
}

function reference({ attrs, inputs, outputs: specs, create }: ReferenceCall): TypedArray[] {
  const [losses, slopes] = [create(specs[0]!), create(specs[1]!)];
  const { form } = attrs as CrossEntropyAttrs;
  const [rows, columns] = inputs[0]!.shape as [number, number];
  const weight = weightOf(form, rows);
  const x = inputs[0]!.data;
  for (let r = 0; r < rows; r++) {
    const label = inputs[1]!.data[r]!;
    if (label < 0 || label >= columns) throw new IndexError(labelOutside(columns));
    const start = r * columns;
    let top = x[start]!;
    for (let c = 1; c < columns; c++) top = Math.max(top, x[start + c]!);
    let total = 0;
    for (let c = 0; c < columns; c++) total += Math.exp(x[start + c]! - top);
    losses[perRow(form) ? r : 0]! += weight * (Math.log(total) - (x[start + label]! - top));
    for (let c = 0; c < columns; c++) {
      const p = Math.exp(x[start + c]! - top) / total;
      slopes[start + c] = weight * (p - (c === label ? 1 : 0));
    }
  }
  return [losses, slopes];
}

/** float16 is read as it is; the loss and its slopes, small numbers, are float32. */
const dtype = ([x]: readonly DType[]): DTypeRule => ({
  operands: [isFloat(x!) ? x! : "float32", "int32"],
  result: "float32",
});
const forward = (output: 0 | 1) =>
  kernel({ family: "crossEntropy", output, outputs, strided: () => true, source, reference });

const samples = (): [SampleInput, SampleInput, CrossEntropyAttrs][] =>
  (["rows", "shares", "mean", "sum"] as const).flatMap((form) => [
    [uniform([4, 5]), integers([4], 0, 5), { form, trusted: false }],
    [uniform([70, 3], -2, 2, "transposed"), integers([70], 0, 3), { form, trusted: false }],
    [uniform([1, 1], -2, 2, "sliced"), integers([1], 0, 1), { form, trusted: false }],
    [uniform([3, 40]), integers([3], 0, 40), { form, trusted: false }],
  ]);

/** All examples' rows at once, each row for itself: [size, N] losses or [size, N, C] slopes. */
function rowsOfAll(op: LossOp, call: BatchCall<CrossEntropyAttrs>): Tensor {
  const { trusted } = call.attrs;
  const byRow = joinLeading<CrossEntropyAttrs>(([x, y], attrs) => op(x!, y!, attrs));
  return byRow({ ...call, attrs: { form: "rows", trusted } });
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

/** The loss of integer labels: rows [N], or one number; see losses.ts. */
export const crossEntropyLoss: LossOp = defineOp<2, CrossEntropyAttrs>({
  name: "crossEntropy",
  arity: 2,
  shape: ([logits], { form }): Shape => (perRow(form) ? [logits![0]!] : []),
  dtype,
  forward: forward(0),
  key: ({ form, trusted }) => (trusted ? form : `${form}?`),
  vjp: ({ g, inputs, attrs }) => {
    const [logits, labels] = inputs as [Tensor, Tensor];
    const slope = crossEntropySlope(logits, labels, attrs);
    return [mul(perRow(attrs.form) ? reshape(g, [logits.shape[0]!, 1]) : g, slope), null];
  },
  batch: batchLoss,
  operands: ["x", "labels"],
  derivative: ({ form }) => [`g·(softmax(x) - onehot(labels))${overRows(form)}`, "none"],
  samples,
});

/** (softmax(x) - onehot(y)) · weight: the loss's gradient, computed in the loss's launch. */
export const crossEntropySlope: LossOp = defineOp<2, CrossEntropyAttrs>({
  name: "crossEntropyBackward",
  arity: 2,
  shape: ([logits]) => logits!,
  dtype,
  forward: forward(1),
  key: ({ form, trusted }) => (trusted ? form : `${form}?`),
  vjp: ({ g, inputs: [logits], attrs }) => {
    const back = softmaxBackward(g, softmax(logits!, 1));
    return [mul(back, weightOf(attrs.form, logits!.shape[0]!)), null];
  },
  batch: batchSlope,
  operands: ["x", "labels"],
  derivative: ({ form }) => [`s·(g - Σ g·s)${overRows(form)} for s = softmax(x)`, "none"],
  samples,
});

/** Whether one workgroup can take all rows, so that the loss needs no second launch. */
export const fitsWorkgroup = ([rows, columns]: Shape): boolean =>
  rows! <= WORKGROUP_ROWS && columns! <= WORKGROUP_COLUMNS;
