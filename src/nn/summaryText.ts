import { show } from "../core/shape.ts";
import type { Summary, SummaryRow } from "./summary.ts";

const HEAD = ["Layer", "Output", "Parameters", "FLOPs", "Memory"];

/** The table of a summary, and its totals below. */
export function summaryText(made: Omit<Summary, "toString">): string {
  const lines = made.rows.map((row, i) => cells(row, parentOf(made.rows, i)));
  const widths = HEAD.map((name, column) =>
    Math.max(name.length, ...lines.map((line) => line[column]!.length)),
  );
  const format = (line: readonly string[]) =>
    line
      .map((text, i) => (i < 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const rule = "─".repeat(widths.reduce((total, width) => total + width + 2, -2));
  return [format(HEAD), rule, ...lines.map(format), rule, ...footer(made)].join("\n");
}

function footer(made: Omit<Summary, "toString">): string[] {
  const frozen = made.parameters - made.trainable;
  const trained = frozen === 0 ? "" : `, ${grouped(frozen)} of them frozen`;
  const kept = made.buffers === 0 ? "" : `; buffers: ${grouped(made.buffers)}`;
  const buffers = made.bufferBytes === 0 ? "" : `, buffers ${bytes(made.bufferBytes)}`;
  return [
    `Parameters: ${grouped(made.parameters)}${trained}${kept}`,
    `Operations of a forward pass: ${short(made.flops)}FLOP`,
    `Memory: parameters ${bytes(made.parameterBytes)}${buffers}, outputs ${bytes(made.activationBytes)}`,
  ];
}

/** The row of the call that a call was made in. */
function parentOf(rows: readonly SummaryRow[], at: number): SummaryRow | undefined {
  const { depth } = rows[at]!;
  return rows.slice(0, at).findLast((row) => row.depth === depth - 1);
}

function cells(row: SummaryRow, parent: SummaryRow | undefined): string[] {
  const prefix = parent === undefined || parent.name === "" ? "" : `${parent.name}.`;
  const name = row.name.startsWith(prefix) ? row.name.slice(prefix.length) : row.name;
  const label = name === "" ? row.type : `${name}: ${row.type}`;
  return [
    "  ".repeat(row.depth) + label,
    row.outputs.map(show).join(" "),
    row.shared ? "(shared)" : row.parameters === 0 ? "–" : grouped(row.parameters),
    row.flops === 0 ? "–" : short(row.flops).trimEnd(),
    bytes(row.outputBytes),
  ];
}

/** 1234567 as 1,234,567, wherever it runs. */
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** Three figures and a unit: 1.23 M. */
function short(n: number): string {
  return scaled(n, 1000, ["", "k", "M", "G", "T", "P"]);
}

const bytes = (n: number): string => `${scaled(n, 1024, ["", "Ki", "Mi", "Gi", "Ti"])}B`;

function scaled(n: number, base: number, units: readonly string[]): string {
  let [value, unit] = [n, 0];
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  const text = unit === 0 || value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
  return `${text} ${units[unit]}`;
}
