import { show } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TapeEntry } from "./tapeEntry.ts";

interface Printable {
  readonly entries: readonly TapeEntry[];
  readonly output: Tensor;
  readonly leaves: readonly { readonly name: string; readonly gradient: Tensor }[];
}

const HEADER = ["#", "op", "inputs", "output", "passes back", "gradient to", "line"];

/** The tape as aligned text; values are not computed for it. */
export function tapeTable({ entries, output, leaves }: Printable): string {
  const rows = [HEADER, ...entries.map(rowOf)];
  const widths = HEADER.map((_, c) => Math.max(...rows.map((row) => lengthOf(row[c]!))));
  const lines = rows.map((row) =>
    row
      .map((cell, c) => cell + " ".repeat(widths[c]! - lengthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
  const rule = "-".repeat(Math.max(...lines.map(lengthOf)));
  const ends = leaves.map(({ name, gradient }) => `gradient of ${name}: ${show(gradient.shape)}`);
  const title = `tape of ${entries.length} entries, output ${show(output.shape)}`;
  return [title, lines[0], rule, ...lines.slice(1), rule, ...ends].join("\n");
}

// Combining marks and letters outside the basic plane are one column each.
const lengthOf = (text: string): number => [...text].length;

function rowOf(entry: TapeEntry): string[] {
  const { number, op, name, inputs, dtype, shape, outgoing, line } = entry;
  const receivers = inputs.filter((_, i) => outgoing[i] != null);
  return [
    `%${number}`,
    name === null ? op : `${op} (${name})`,
    inputs.map((input) => input.name).join(", "),
    `${dtype} ${show(shape)}`,
    entry.incoming === null ? "no gradient" : formulas(entry),
    receivers.map((input) => input.name).join(", ") || "-",
    line === null ? "before the tape" : shortPlace(line),
  ];
}

/** One formula per input that gets a gradient; ops of any number of inputs have one for all. */
function formulas({ derivative, inputs, outgoing }: TapeEntry): string {
  if (derivative.length !== inputs.length) return derivative.join(", ");
  return derivative.filter((_, i) => outgoing[i] != null).join(", ");
}

/** `folder/file.ts:3:7` of a long path: enough to find it, short enough for a table. */
const shortPlace = (line: string): string => line.split(/[/\\]/).slice(-2).join("/");
