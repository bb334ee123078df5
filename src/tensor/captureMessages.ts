// What `compile` says of captures: loaded when there is something to say.
import { show } from "../core/shape.ts";
import { below } from "../core/tree.ts";
import type { Pattern } from "./pattern.ts";
import type { Trace } from "./trace.ts";

/** Calls of a new kind come after calls of another. */
export function anotherSignature(now: Pattern, before: Pattern): string {
  return (
    `compile: the arguments have another signature, ${signatureOf(now)} after ` +
    `${signatureOf(before)}: captured anew (said once).`
  );
}

/** There are more kinds of calls than captures that are kept. */
export function droppedCapture(oldest: Pattern, now: Pattern): string {
  return (
    `compile: many captures: that of ${signatureOf(oldest)} was used longest ago and makes room ` +
    `for ${signatureOf(now)} (said once). Pad arguments so that fewer shapes occur.`
  );
}

function signatureOf(pattern: Pattern, path = ""): string {
  switch (pattern.kind) {
    case "number":
      return `${path} number`;
    case "constant":
      return `${path} ${JSON.stringify(pattern.value)}`;
    case "tensor": {
      const { dtype, shape, ranged } = pattern;
      return `${path} ${dtype}${show(shape)}${ranged ? " in range" : ""}`;
    }
    default: {
      const { isArray, keys, parts } = pattern;
      return parts.map((part, i) => signatureOf(part, below(path, keys[i], isArray))).join(";");
    }
  }
}

export const nested = (): string =>
  "compile: a compiled function was called inside another. Call the plain function there.";

/** Two recordings of one function differ in their nodes `x` and `y`: names both source lines. */
export function difference(x: Trace | undefined, y: Trace | undefined): string {
  return (
    "compile: the function recorded another graph than at its first call: " +
    `${describe(x)} became ${describe(y)}. ${advice(x, y)}`
  );
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
