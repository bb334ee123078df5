import type { DType } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import type { Attrs, Op } from "../core/ir.ts";
import { Node } from "../core/node.ts";
import { recorder, userLine } from "./recorder.ts";

export const NO_ATTRS: Attrs = Object.freeze({});

const leaf = (kind: "source" | "scalar" | "constant" | "iota", id: number): Op => ({
  id,
  name: kind,
  forward: { kind },
});
// Leaves have negative ids, so that they never collide with registered ops.
export const SOURCE = leaf("source", -1);
export const SCALAR = leaf("scalar", -2);
export const CONSTANT = leaf("constant", -3);
export const IOTA = leaf("iota", -4);

/** A number as a scalar node: a uniform, or a constant of the graph inside derivative rules. */
export function numberNode(value: number, dtype: DType, device: Node["device"]): Node {
  if (recorder.numbersAreConstants) return constantNode(value, dtype, device);
  const node = new Node(SCALAR, [], NO_ATTRS, "", [], dtype, device);
  node.value = value;
  if (recorder.lines) node.line = userLine();
  return node;
}

export function constantNode(value: number, dtype: DType, device: Node["device"]): Node {
  const key = Object.is(value, -0) ? "-0" : String(value);
  const node = new Node(CONSTANT, [], { value }, key, [], dtype, device);
  node.value = value;
  return node;
}

export function defaultDevice(op: string): Node["device"] {
  if (recorder.device) return recorder.device;
  throw new DeviceError(
    `${op}: no device yet. Call \`await init()\` once before the first tensor.`,
  );
}
