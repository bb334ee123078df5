import { sizeOf } from "../../core/shape.ts";
import { defineOp, keepDType } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { tensor } from "../creation/creation.ts";
import { expand, reshape } from "../movement/movement.ts";
import { checkRange, rangeOf, withRange } from "../range.ts";
import { integers, uniform } from "../samples.ts";
import { type GatherAttrs, gatherForward } from "./gatherForward.ts";

type DataRows = (x: Tensor, index: Tensor, attrs: GatherAttrs) => Tensor;

/** out[o, k, i] = x[o, index[o, k, i], i], for data: a gradient would bring scattering with it. */
const dataRows3: DataRows = defineOp<2, GatherAttrs>({
  name: "dataRows",
  arity: 2,
  shape: ([, index]) => index!,
  dtype: keepDType(),
  key: ({ trusted }) => (trusted ? "" : "?"),
  forward: gatherForward,
  vjp: null,
  nondifferentiable: "batches of a data set are data; indexSelect(x, 0, index) has a gradient",
  batch: joinLeading,
  operands: ["x", "index"],
  derivative: ["none", "none"],
  samples: () => [[uniform([1, 5, 3]), integers([1, 4, 3], 0, 5), { trusted: true }]],
});

/**
 * The rows of x with these numbers, known on the host; no gradient flows back.
 * @throws IndexError for a number that is no row
 */
export function dataRows(x: Tensor, rows: Int32Array): Tensor {
  const index = tensor(rows, { dtype: "int32", device: x.device });
  const [n, ...row] = x.shape as [number, ...number[]];
  checkRange("dataRows", "row", index, n);
  const inner = sizeOf(row);
  const places = expand(reshape(index, [1, rows.length, 1]), [1, rows.length, inner]);
  const out = dataRows3(reshape(x, [1, n, inner]), places, { trusted: true });
  return withRange(reshape(out, [rows.length, ...row]), rangeOf(x));
}
