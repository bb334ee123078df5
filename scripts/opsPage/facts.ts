import type { RegisteredOp } from "../../src/tensor/op.ts";
import { derivativeOf, type Entry } from "./entries.ts";
import { code } from "./markdown.ts";

export const KINDS: Readonly<Record<string, string>> = {
  pointwise: "element-wise",
  view: "view",
  reduction: "reduction",
  kernel: "kernel",
};

/** How a whole batch is computed at once. */
export function batching(op: RegisteredOp): string {
  if (op.draws === true) return "by `randomness`";
  if (op.forward.kind !== "kernel") return "by its kind";
  return op.batch === undefined ? `refused: ${op.unbatchable}` : "rule";
}

/** `a`: `g·b`; `b`: `g·a`. */
export function formulas(op: RegisteredOp): string {
  if (op.vjp === null) return `none: ${op.nondifferentiable}`;
  const { operands, formulas: sets } = derivativeOf(op);
  const one = (texts: readonly string[]) =>
    texts.length === 1
      ? code(texts[0]!)
      : texts.map((text, i) => `${code(operands[i] ?? `input ${i}`)}: ${code(text)}`).join(", ");
  return sets.length === 1
    ? one(sets[0]!)
    : `by its attributes, e.g. ${sets.map(one).join("; or ")}`;
}

export const isAsync = ({ signatures }: Entry): boolean =>
  signatures.some((s) => /: Promise</.test(s));

/** Another function that the docstring points at for the rest. */
const pointer = /(?:[Ss]ee|[Aa]s|[Nn]ame of|[Oo]lder|without) `(\w+)`/;

/** What an entry says of bad input; null when it says nothing. */
export function errorsOf({ doc, family, signatures, op }: Entry): string | null {
  if (doc.throws !== "") return doc.throws.replace(/^nothing:/, "none:");
  if (!signatures[0]!.includes("(")) return "none";
  const other = pointer.exec(doc.summary)?.[1];
  if (other !== undefined) return `as \`${other}\``;
  if (family !== "elementwise") return null;
  const operands = signatures[0]!.match(/: Tensor(Like)?\b(?=[,)| ])/g)?.length ?? 0;
  if (operands > 1) return "ShapeError where the shapes do not broadcast";
  const takesAll = op === null || /^(int32|bool)$/.test(op.dtype(["int32"], {}).operands[0]!);
  return takesAll
    ? "none: every shape and dtype is taken"
    : "none: every shape is taken, and whole numbers and truth values count as float32";
}

export const undocumented = ({ name, file }: Entry): string =>
  `${name} does not say what it does with bad input. ` +
  `Add "@throws ErrorClass when …" to its docstring in ${file}.`;
