import type { Op, Storage } from "../core/ir.ts";
import type { Node, Owner } from "../core/node.ts";
import { type Shape, show } from "../core/shape.ts";

/** A recorded node as it was before its plan ran (running drops inputs and adds storages). */
export interface Trace {
  readonly op: Op;
  readonly key: string;
  readonly shape: Shape;
  readonly dtype: string;
  readonly inputs: readonly number[];
  readonly line: string | null;
  /** Of a scalar: its number, or null when every call sets it anew. */
  readonly value: number | null;
  /** Of a source: what it stands for. */
  readonly source: Owner | Storage | null;
}

export function traceOf(order: readonly Node[], live: ReadonlySet<Node>): Trace[] {
  return order.map((node) => ({
    op: node.op,
    key: node.key,
    shape: node.shape,
    dtype: node.dtype,
    inputs: node.storage === null ? node.inputs.map((i) => i.index) : [],
    line: node.line,
    value: node.op.forward.kind === "scalar" && !live.has(node) ? node.value : null,
    source: node.owner ?? node.storage,
  }));
}

/**
 * What differs between two recordings of one compiled function, as an error text that names both
 * source lines; null when they are the same graph.
 */
export function describeDifference(first: readonly Trace[], second: readonly Trace[]) {
  const length = Math.max(first.length, second.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [first[i], second[i]];
    if (x !== undefined && y !== undefined && isSame(x, y)) continue;
    return (
      "compile: the function recorded another graph than at its first call: " +
      `${describe(x)} became ${describe(y)}. ${advice(x, y)}`
    );
  }
  return null;
}

function isSame(x: Trace, y: Trace): boolean {
  if (x.op !== y.op || x.key !== y.key || x.dtype !== y.dtype) return false;
  if (show(x.shape) !== show(y.shape) || show(x.inputs) !== show(y.inputs)) return false;
  if (!Object.is(x.value, y.value)) return false;
  return x.source === y.source || isSameArgument(x.source, y.source);
}

/** Arguments are other objects at each call, and the same by their label. */
function isSameArgument(x: Trace["source"], y: Trace["source"]): boolean {
  const perCall = (s: Trace["source"]): s is Owner => s !== null && "perCall" in s;
  return perCall(x) && perCall(y) && x.label === y.label;
}

function describe(node: Trace | undefined): string {
  if (node === undefined) return "nothing";
  const at = node.line === null ? "" : ` at ${node.line}`;
  const value = node.value === null ? "" : ` ${node.value}`;
  return `${node.op.name}${value} ${show(node.shape)}${at}`;
}

function advice(x: Trace | undefined, y: Trace | undefined): string {
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
