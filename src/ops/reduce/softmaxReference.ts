import type { TypedArray } from "../../core/dtype.ts";
import type { ReferenceCall } from "../../core/ir.ts";

/** The kernels of kernels/rows/softmax.ts in JavaScript. */

type RowFunction = (
  out: TypedArray,
  inputs: readonly TypedArray[],
  start: number,
  end: number,
) => void;

/** A reference that works row by row on contiguous [rows, columns]. */
const byRows =
  (row: RowFunction) =>
  ({ inputs, outputs, create }: ReferenceCall): TypedArray[] => {
    const out = create(outputs[0]!);
    const [rows, columns] = outputs[0]!.shape as [number, number];
    const data = inputs.map((i) => i.data);
    for (let r = 0; r < rows; r++) row(out, data, r * columns, (r + 1) * columns);
    return [out];
  };

const softmaxRow =
  (log: boolean): RowFunction =>
  (out, [x], start, end) => {
    let top = x![start]!;
    for (let i = start; i < end; i++) top = Math.max(top, x![i]!);
    let total = 0;
    for (let i = start; i < end; i++) total += Math.exp(x![i]! - top);
    for (let i = start; i < end; i++) {
      out[i] = log ? x![i]! - top - Math.log(total) : Math.exp(x![i]! - top) / total;
    }
  };

const backwardRow =
  (log: boolean): RowFunction =>
  (out, [g, y], start, end) => {
    let total = 0;
    for (let i = start; i < end; i++) total += log ? g![i]! : g![i]! * y![i]!;
    for (let i = start; i < end; i++) {
      out[i] = log ? g![i]! - Math.exp(y![i]!) * total : y![i]! * (g![i]! - total);
    }
  };

export const softmaxReference = byRows(softmaxRow(false));
export const logSoftmaxReference = byRows(softmaxRow(true));
export const softmaxBackwardReference = byRows(backwardRow(false));
export const logSoftmaxBackwardReference = byRows(backwardRow(true));
