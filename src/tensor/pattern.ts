import type { DType } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import { type Shape, sameShape } from "../core/shape.ts";
import { below, isPlain } from "../core/tree.ts";
import { Tensor } from "./tensor.ts";

/** What the arguments of a call are like: a capture serves calls of one pattern. */
export type Pattern =
  | { readonly kind: "number" }
  | { readonly kind: "constant"; readonly value: unknown }
  | {
      readonly kind: "tensor";
      readonly shape: Shape;
      readonly dtype: DType;
      /** The range of its integers is known. */
      readonly ranged: boolean;
    }
  | {
      readonly kind: "tree";
      readonly isArray: boolean;
      readonly keys: readonly string[];
      readonly parts: readonly Pattern[];
    };

type Tree = Readonly<Record<string, unknown>>;

/** @throws DTypeError when an argument is neither a tensor, a number nor a plain constant. */
export function patternOf(value: unknown, path = ""): Pattern {
  if (value instanceof Tensor) {
    const { shape, dtype, node } = value;
    return { kind: "tensor", shape, dtype, ranged: node.range !== null };
  }
  if (typeof value === "number") return { kind: "number" };
  if (isTree(value)) {
    const keys = Object.keys(value);
    const isArray = Array.isArray(value);
    const parts = keys.map((key) => patternOf(value[key], below(path, key, isArray)));
    return { kind: "tree", isArray, keys, parts };
  }
  if (value === null || ["string", "boolean", "undefined"].includes(typeof value)) {
    return { kind: "constant", value };
  }
  throw new DTypeError(
    `compile: argument ${path} is neither a tensor nor a number; got ${typeof value}. ` +
      "Pass tensors, numbers, and arrays or plain objects of them; close over everything else.",
  );
}

/**
 * Whether a call's arguments are like this. Appends the tensors and numbers among them to
 * `inputs`, in order; nothing else is allocated, because every call of a compiled function asks.
 */
export function fits(pattern: Pattern, value: unknown, inputs: (Tensor | number)[]): boolean {
  switch (pattern.kind) {
    case "number":
      return typeof value === "number" && inputs.push(value) > 0;
    case "constant":
      return value === pattern.value;
    case "tensor":
      return (
        value instanceof Tensor &&
        value.dtype === pattern.dtype &&
        sameShape(value.shape, pattern.shape) &&
        (value.node.range !== null) === pattern.ranged &&
        inputs.push(value) > 0
      );
    default:
      return (
        isTree(value) && Array.isArray(value) === pattern.isArray && fitTree(pattern, value, inputs)
      );
  }
}

function fitTree(
  { keys, parts }: Extract<Pattern, { kind: "tree" }>,
  tree: Tree,
  inputs: (Tensor | number)[],
): boolean {
  let i = 0;
  for (const key in tree) {
    if (key !== keys[i] || !fits(parts[i], tree[key], inputs)) return false;
    i++;
  }
  return i === keys.length;
}

const isTree = (value: unknown): value is Tree => Array.isArray(value) || isPlain(value);
