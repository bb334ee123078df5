import type { Explained, ExplainedTerm } from "./explainSteps.ts";
import { asFactor } from "./tapeFormula.ts";

/** Longer products are no help: the steps say it better. */
const LONGEST = 160;

/** The gradient as one formula, every gₙ put in; null where that would be too long to read. */
export function writtenOut({ steps }: Explained): string | null {
  const found = new Map<number, string>();
  let text = "";
  for (const { entry, terms, hooked } of steps) {
    text = terms.map((term) => inner(term, found)).join(" + ");
    if (text.length > LONGEST || hooked) return null;
    if (entry !== null) found.set(entry.number, text);
  }
  return text;
}

function inner(term: ExplainedTerm, found: ReadonlyMap<number, string>): string {
  if (term.entry === null) return term.text;
  const above = found.get(term.entry.number) ?? "";
  const isWhole = term.write("\0") === "\0";
  const text = term.write(isWhole ? above : asFactor(above));
  // A factor 1, which a scalar loss begins with, says nothing.
  return above === "1" ? text.replace(/^(-?)1·/, "$1") : text;
}
