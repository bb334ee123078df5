import type { Node } from "../core/node.ts";
import { show } from "../core/shape.ts";
import type { Recording } from "./capture.ts";

/**
 * What differs between two recordings of one compiled function, as an error text that names both
 * source lines; null when they are the same graph.
 */
export function describeDifference(first: Recording, second: Recording): string | null {
  const [a, b] = [first.graph!, second.graph!];
  const length = Math.max(a.order.length, b.order.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.order[i], b.order[i]];
    if (x !== undefined && y !== undefined && isSame(x, y, first, second)) continue;
    return (
      `compile: the function recorded another graph than at its first call: ` +
      `${describe(x)} became ${describe(y)}. ${advice(x, y)}`
    );
  }
  if (a.key === b.key) return null;
  return (
    "compile: the function stores other values than at its first call. " +
    "Assign the same variables and return the same tensors at every call."
  );
}

function isSame(x: Node, y: Node, first: Recording, second: Recording): boolean {
  if (x.op !== y.op || x.key !== y.key || x.dtype !== y.dtype) return false;
  if (show(x.shape) !== show(y.shape) || x.inputs.length !== y.inputs.length) return false;
  const { kind } = x.op.forward;
  if (kind === "scalar") {
    const live = first.live.has(x) && second.live.has(y);
    return live || Object.is(x.value, y.value);
  }
  if (kind !== "source") return true;
  if (x.owner === null || y.owner === null) return x === y || x.storage === y.storage;
  return x.owner === y.owner || (y.owner.perCall === true && x.owner.label === y.owner.label);
}

function describe(node: Node | undefined): string {
  if (node === undefined) return "nothing";
  const at = node.line === null ? "" : ` at ${node.line}`;
  const value = node.op.forward.kind === "scalar" ? ` ${node.value}` : "";
  return `${node.op.name}${value} ${show(node.shape)}${at}`;
}

function advice(x: Node | undefined, y: Node | undefined): string {
  const kinds = [x?.op.forward.kind, y?.op.forward.kind];
  if (kinds.includes("scalar")) {
    return "A number that changes must be an argument of the compiled function.";
  }
  if (kinds.includes("source")) {
    return "A tensor that changes must be an argument of the compiled function.";
  }
  return (
    "Branches and loops must go the same way at every call: pass what they depend on as an " +
    "argument, or compile each way by itself."
  );
}
