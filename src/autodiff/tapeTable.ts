import { show } from "../core/shape.ts";
import type { Tape } from "./tape.ts";
import type { TapeEntry, TapeSource } from "./tapeEntry.ts";
import { summedText } from "./tapeFormula.ts";
import { alignColumns, lengthOf, shortPlace } from "./textColumns.ts";

const HEADER = ["#", "op", "inputs", "output", "passes back", "gradient to", "line"];

/** The tape as aligned text; values are not computed for it. */
export function tapeTable({ entries, sources, output }: Tape): string {
  const [header = "", ...rows] = alignColumns([HEADER, ...entries.map(rowOf)]);
  const rule = "-".repeat(Math.max(...[header, ...rows].map(lengthOf)));
  const others = sources.filter(({ kind }) => kind !== "number").map(sourceText);
  const title = `tape of ${entries.length} entries, output ${show(output.shape)}`;
  return [title, header, rule, ...rows, rule, ...others].join("\n");
}

function rowOf(entry: TapeEntry): string[] {
  const { id, op, name, inputs, dtype, shape, incoming, line } = entry;
  const receivers = inputs.filter(({ outgoing }) => outgoing !== null);
  return [
    id,
    name === null ? op : `${op} (${name})`,
    inputs.map((input) => input.name).join(", "),
    `${dtype} ${show(shape)}`,
    incoming === null ? "no gradient" : formulas(entry),
    receivers.map((input) => input.name).join(", ") || "-",
    line === null ? "before the tape" : shortPlace(line),
  ];
}

/** The formula of each input that gets a gradient; what all have in common stands once. */
function formulas({ inputs }: TapeEntry): string {
  const texts = inputs
    .filter(({ outgoing }) => outgoing !== null)
    .map(({ formula, summedOver }) => formula + summedText(summedOver));
  const common = inputs.every(({ letter }) => letter === null);
  return (common ? [...new Set(texts)] : texts).join("; ");
}

function sourceText({ name, what, tensor, gradient }: TapeSource): string {
  const end = gradient === null ? "no gradient" : `gradient ${show(gradient.shape)}`;
  return `${name}: ${what}, ${tensor.dtype} ${show(tensor.shape)}, ${end}`;
}
