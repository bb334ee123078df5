import type { Node } from "../core/node.ts";
import { formulaOf } from "./formulas.ts";

/** The local derivatives of a node as text, and what their letters stand for. */
export interface Formulas {
  /** One per input of the node. */
  readonly texts: readonly string[];
  /** The letters of the inputs, in order; inputs beyond them have none. */
  readonly operands: readonly string[];
}

const LETTERS: readonly (readonly string[])[] = [[], ["x"], ["a", "b"], ["a", "b", "c"]];

const OWN_RULE = "g by a rule of its own";

/** @param count how many inputs are shown: those that gradients flow to stand first */
export function formulasOf(node: Node, count: number): Formulas {
  if (node.rule !== null) {
    const receiving = node.rule.inputs.length;
    const texts = Array.from({ length: count }, (_, i) => (i < receiving ? OWN_RULE : "none"));
    return { texts, operands: [] };
  }
  const { derivative, operands } = formulaOf(node.op);
  const given = typeof derivative === "function" ? derivative(node.attrs) : (derivative ?? []);
  const texts = Array.from({ length: count }, (_, i) => given[i] ?? given.at(-1) ?? "none");
  return { texts, operands: operands ?? LETTERS[count] ?? [] };
}

/**
 * A letter or word of a formula that stands alone: `x` in `tanh²x` and `xᵀ`, not in `exp`. Raised
 * letters (`ᵀ`) are no part of a word.
 */
const tokens = /(?<![\p{Ll}\p{Lu}\p{Lo}_])[\p{Ll}\p{Lu}\p{Lo}_][\p{Ll}\p{Lu}\p{Lo}\p{Mn}\d_]*/gu;

const RAISED: Readonly<Record<string, string>> = { a: "ᵃ", b: "ᵇ", n: "ⁿ", x: "ˣ", y: "ʸ" };

const isRaised = (text: string, letter: string): boolean => text.includes(RAISED[letter] ?? "\0");

/** Which of the letters occur in a formula. */
export function lettersIn(text: string, letters: Iterable<string>): string[] {
  const found = new Set(text.match(tokens));
  return [...letters].filter((letter) => found.has(letter) || isRaised(text, letter));
}

/** The formula with other texts for g and its letters, which stay where one is an exponent. */
export function substitute(text: string, g: string, letters: Readonly<Record<string, string>>) {
  const used = lettersIn(text, Object.keys(letters));
  const keeps = used.some((letter) => isRaised(text, letter));
  const texts = new Map(keeps ? [] : used.map((letter) => [letter, letters[letter]!]));
  const written = text.replace(tokens, (token, at: number) => {
    const other = texts.get(token) ?? (token === "g" ? g : token);
    return token !== other && /\d/.test(text[at - 1] ?? "") ? `·${other}` : other;
  });
  const legend = used.map((letter) => `${letter} = ${letters[letter]}`).join(", ");
  return keeps ? `${written} with ${legend}` : written;
}

/** In parentheses, unless it is one name, number or call: so that it can be a factor. */
export function asFactor(text: string): string {
  const isOne = /^[\p{L}\p{N}_.%#]+$|^\d[\d.e+-]*$/u.test(text);
  return isOne || isWrapped(text) ? text : `(${text})`;
}

/** Whether the first parenthesis closes at the very end. */
function isWrapped(text: string): boolean {
  if (!text.startsWith("(")) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")") depth--;
    if (depth === 0) return i === text.length - 1;
  }
  return false;
}

/** `, summed over axes 0, 1`: broadcasting undone. */
export function summedText(axes: readonly number[]): string {
  if (axes.length === 0) return "";
  return `, summed over ${axes.length === 1 ? "axis" : "axes"} ${axes.join(", ")}`;
}
