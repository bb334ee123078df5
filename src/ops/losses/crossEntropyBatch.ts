import type { BatchCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { joinLeading } from "../batching.ts";
import { mul } from "../elementwise/arithmetic.ts";
import { sum } from "../reduce/reduce.ts";
import { type CrossEntropyAttrs, perRow, weightOf } from "./crossEntropyForm.ts";

type Call = BatchCall<CrossEntropyAttrs>;

/**
 * All examples' rows at once, each row for itself, times its weight among those of its example:
 * [size, N] losses or [size, N, C] slopes.
 */
function rowsOfAll(call: Call): Tensor {
  const { inputs, batched, attrs } = call;
  const rows = joinLeading({ ...call, attrs: { ...attrs, form: "rows" } });
  const weight = weightOf(attrs.form, inputs[0]!.shape[batched[0] ? 1 : 0]!);
  return weight === 1 ? rows : mul(rows, weight);
}

export const batchLoss = (call: Call): Tensor =>
  perRow(call.attrs.form) ? rowsOfAll(call) : sum(rowsOfAll(call), 1);

export const batchSlope = (call: Call): Tensor => rowsOfAll(call);
