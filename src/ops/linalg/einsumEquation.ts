import { ShapeError, ValueError } from "../../core/errors.ts";
import { type Shape, show } from "../../core/shape.ts";

/** The axes of each operand and of the result by name; those of an ellipsis are "…0", "…1", … */
export interface Equation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

const malformed = (equation: string, what: string) =>
  new ValueError(
    `einsum: ${what}; got "${equation}". Write it as "ij,jk->ik": a letter per axis, a comma ` +
      'between tensors, "..." for any axes.',
  );

/** The letters of one term, with "..." as one entry. */
function letters(equation: string, term: string): string[] {
  const found = term.match(/\.\.\.|[A-Za-z]|./g) ?? [];
  const bad = found.find((c) => c !== "..." && !/^[A-Za-z]$/.test(c));
  if (bad !== undefined) throw malformed(equation, `"${bad}" is no letter`);
  if (found.filter((c) => c === "...").length > 1) {
    throw malformed(equation, `the ellipsis stands twice in "${term}"`);
  }
  return found;
}

/**
 * Reads an equation for tensors of these shapes. Without an arrow the result has the axes of the
 * ellipsis, then the letters that stand once, in alphabetical order.
 * @throws ValueError for a malformed equation, ShapeError where it does not fit the shapes
 */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left, right, ...more] = equation.replace(/\s/g, "").split("->");
  if (more.length > 0) throw malformed(equation, "more than one arrow");
  const terms = left!.split(",").map((term) => letters(equation, term));
  if (terms.length !== shapes.length) {
    throw malformed(equation, `${terms.length} terms for ${shapes.length} tensors`);
  }
  const widths = terms.map((term, i) => widthOf(equation, term, shapes[i]!, i));
  const widest = Math.max(0, ...widths);
  const inputs = terms.map((term, i) => named(term, widths[i]!, widest));
  const once = implicit(terms, widest);
  const given = right === undefined ? once : named(letters(equation, right), widest, widest);
  checkOutput(equation, given, inputs);
  return { inputs, output: given };
}

/** How many axes the ellipsis of a term stands for. */
function widthOf(equation: string, term: readonly string[], shape: Shape, at: number): number {
  const width = shape.length - term.filter((c) => c !== "...").length;
  if (width === 0 || (width > 0 && term.includes("..."))) return width;
  throw new ShapeError(
    `einsum: the letters do not fit the axes of tensor ${at}; got "${equation}" for ` +
      `${show(shape)}. Give one letter per axis.`,
  );
}

/** Axes of ellipses align at the right, as in broadcasting. */
const named = (term: readonly string[], width: number, widest: number): string[] =>
  term.flatMap((c) =>
    c === "..." ? Array.from({ length: width }, (_, i) => `…${widest - width + i}`) : [c],
  );

function implicit(terms: readonly (readonly string[])[], widest: number): string[] {
  const all = terms.flat().filter((c) => c !== "...");
  const once = all.filter((c) => all.indexOf(c) === all.lastIndexOf(c)).sort();
  return [...named(["..."], widest, widest), ...once];
}

function checkOutput(
  equation: string,
  output: readonly string[],
  inputs: readonly (readonly string[])[],
): void {
  const known = new Set(inputs.flat());
  for (const [i, name] of output.entries()) {
    if (!known.has(name)) throw malformed(equation, `the result's "${name}" is in no tensor`);
    if (output.indexOf(name) !== i) throw malformed(equation, `the result has "${name}" twice`);
  }
}
