import type { Attrs } from "../core/ir.ts";
import type { BatchCall } from "../tensor/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expand, reshape } from "./movement/movement.ts";

/** The batching rules that most kernels share; see `OpDefinition.batch`. */

/** Every input with the batch as axis 0: what all examples share is repeated as a view. */
export const spread = ({ inputs, batched, size }: Omit<BatchCall, "op" | "attrs">): Tensor[] =>
  inputs.map((x, i) => (batched[i] ? x : expand(x, [size, ...x.shape])));

/** For kernels that take any number of axes in front of their own: the batch is one more. */
export const addLeading = <A extends Attrs>(call: BatchCall<A>): Tensor =>
  call.op(spread(call), call.attrs);

/** For kernels whose inputs and result have one axis of independent rows in front: it grows. */
export function joinLeading<A extends Attrs>(call: BatchCall<A>): Tensor {
  const rows = call.size * call.inputs[0]!.shape[call.batched[0] ? 1 : 0]!;
  const joined = spread(call).map((x) => reshape(x, [rows, ...x.shape.slice(2)]));
  const out = call.op(joined, call.attrs);
  return reshape(out, [call.size, call.size === 0 ? 0 : rows / call.size, ...out.shape.slice(1)]);
}
