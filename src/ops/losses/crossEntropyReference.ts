import { labelOutside } from "../../../kernels/rows/labelOutside.ts";
import type { TypedArray } from "../../core/dtype.ts";
import { IndexError } from "../../core/errors.ts";
import type { ReferenceCall } from "../../core/ir.ts";
import { type CrossEntropyAttrs, perRow, weightOf } from "./crossEntropyForm.ts";

/** Losses and slopes of all rows in JavaScript: the kernel of kernels/rows/crossEntropy.ts. */
export function crossEntropyReference({
  attrs,
  inputs,
  outputs: specs,
  create,
}: ReferenceCall): TypedArray[] {
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
