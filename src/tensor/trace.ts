import type { Op } from "../core/ir.ts";
import type { Node, Owner, Storage } from "../core/node.ts";
import { type Shape, sameShape } from "../core/shape.ts";

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

/** The first node in which two recordings of one function differ, or -1 where there is none. */
export function firstDifference(first: readonly Trace[], second: readonly Trace[]): number {
  const at = first.findIndex((x, i) => i >= second.length || !isSame(x, second[i]));
  return at < 0 && second.length > first.length ? first.length : at;
}

function isSame(x: Trace, y: Trace): boolean {
  if (x.op !== y.op || x.key !== y.key || x.dtype !== y.dtype) return false;
  if (!sameShape(x.shape, y.shape) || !sameShape(x.inputs, y.inputs)) return false;
  if (!Object.is(x.value, y.value)) return false;
  return x.source === y.source || isSameArgument(x.source, y.source);
}

/** Arguments are other objects at each call, and the same by their label. */
function isSameArgument(x: Trace["source"], y: Trace["source"]): boolean {
  const perCall = (s: Trace["source"]): s is Owner => s !== null && "perCall" in s;
  return perCall(x) && perCall(y) && x.label === y.label;
}
