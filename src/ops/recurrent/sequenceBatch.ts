import type { BatchCall } from "../../tensor/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { spread } from "../batching.ts";
import { permute, reshape } from "../movement/movement.ts";
import type { SequenceAttrs } from "./sequenceInputs.ts";

/**
 * All examples' rows at once: a sequence [size, T, N, …] becomes [T, size·N, …] (one that is
 * [size, N, T, …] becomes [size·N, T, …]), a state [size·N, …]. Null where the weights differ from example to example.
 */
export function batchRows<A extends SequenceAttrs>(
  call: BatchCall<A>,
  op: (inputs: readonly Tensor[], attrs: A) => Tensor,
  names: readonly string[],
): Tensor | null {
  const { size, batched, inputs, attrs } = call;
  const isWeight = (i: number) => names[i] === "weight";
  if (batched.some((b, i) => b && isWeight(i))) return null;
  const joined = spread(call).map((x, i) => (isWeight(i) ? inputs[i]! : joinRows(x, attrs)));
  const out = op(joined, attrs);
  const leading = attrs.batchFirst ? 0 : out.rank - 2;
  const rows = out.shape[leading]!;
  const apart = [size, size === 0 ? 0 : rows / size, ...out.shape.slice(leading + 1)];
  if (leading === 0) return reshape(out, apart);
  return permute(reshape(out, [out.shape[0]!, ...apart]), [1, 0, 2, 3]);
}

/** [size, T, N, C] or [size, N, T, C], [size, N, C] or [size, N]. */
function joinRows(x: Tensor, { batchFirst }: SequenceAttrs): Tensor {
  if (x.rank < 4 || batchFirst) return reshape(x, [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)]);
  const [size, steps, rows, columns] = x.shape as [number, number, number, number];
  return reshape(permute(x, [1, 0, 2, 3]), [steps, size * rows, columns]);
}
