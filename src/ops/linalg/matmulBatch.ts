import type { Attrs } from "../../core/ir.ts";
import type { BatchCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { addLeading } from "../batching.ts";
import { reshape } from "../movement/movement.ts";

export interface Transposes extends Attrs {
  /** The first operand is stored [k, m], the second [n, k]. */
  readonly ta: boolean;
  readonly tb: boolean;
}

/** The batch is one more batch axis; or more rows, where the second operand is shared. */
export function batchProduct(call: BatchCall<Transposes>): Tensor {
  const { inputs, batched, attrs, size } = call;
  const [a, b] = inputs as [Tensor, Tensor];
  if (batched[1] || b.rank > 2 || attrs.ta) return addLeading(call);
  const [m, k] = a.shape.slice(-2) as [number, number];
  const rows = call.op([reshape(a, [size * m, k]), b], attrs);
  return reshape(rows, [size, m, rows.shape[1]!]);
}
