/** Aligns the cells of rows; combining marks and letters outside the basic plane are one column. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, c) =>
    Math.max(...rows.map((row) => lengthOf(row[c] ?? ""))),
  );
  return rows.map((row) =>
    row
      .map((cell, c) => cell + " ".repeat(widths[c]! - lengthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
}

export const lengthOf = (text: string): number => [...text].length;

/** `folder/file.ts:3:7` of a long path: enough to find it, short enough for a table. */
export const shortPlace = (line: string): string => line.split(/[/\\]/).slice(-2).join("/");
