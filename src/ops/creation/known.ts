import type { DType } from "../../core/dtype.ts";
import type { Node } from "../../core/node.ts";
import type { Device } from "../../tensor/device.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Integers and truth values that came from the host and are few: where the shape of a result
 * depends on them (masks, counts), nothing need be read back from the device.
 */
const known = new WeakMap<Node, ArrayLike<number>>();

/** Longer ones are not kept twice. */
const MOST = 2 ** 14;

/** Keeps a copy of what a leaf was made from. */
export function remember(node: Node, values: ArrayLike<number>, dtype: DType): void {
  const whole = dtype === "int32" || dtype === "uint32" || dtype === "bool";
  if (whole && values.length <= MOST) known.set(node, Float64Array.from(values));
}

/** The elements of a tensor, where the host knows them; row by row. */
export function knownValues(x: Tensor): ArrayLike<number> | null {
  let { node } = x;
  // A reshape keeps the order of the elements.
  while (node.op.name === "reshape" && node.inputs.length === 1) node = node.inputs[0]!;
  return known.get(node) ?? null;
}

const lists = new WeakMap<Device, Map<string, Tensor>>();
/** Lists that a device keeps; the one used longest ago goes. */
const MOST_LISTS = 256;

/**
 * Indices that an op makes of its own: equal ones are one tensor, so that two recordings of a
 * compiled function are the same graph.
 */
export function sharedList(
  values: readonly number[],
  device: Device,
  make: (values: readonly number[]) => Tensor,
): Tensor {
  const of = lists.get(device) ?? new Map<string, Tensor>();
  lists.set(device, of);
  const key = values.join();
  const found = of.get(key) ?? make(values);
  of.delete(key);
  of.set(key, found);
  if (of.size > MOST_LISTS) of.delete(of.keys().next().value!);
  return found;
}
