import type { DType } from "../../core/dtype.ts";
import { Node } from "../../core/node.ts";
import { IOTA, NO_ATTRS } from "../../tensor/op.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { reshape } from "../movement/movement.ts";
import { withRange } from "../range.ts";

/** 0, 1, 2, … of an integer dtype; computed where it is used, never stored. */
export function iota(size: number, device: Node["device"], dtype: DType = "int32"): Tensor {
  const index = new Tensor(new Node(IOTA, [], NO_ATTRS, "", [size], dtype, device));
  return withRange(index, [0, Math.max(0, size - 1)]);
}

/** The place along one axis, shaped to broadcast against tensors of x's rank. */
export function indexAlong(x: Tensor, axis: number, size = x.shape[axis]!): Tensor {
  return reshape(
    iota(size, x.device),
    x.shape.map((_, d) => (d === axis ? size : 1)),
  );
}
