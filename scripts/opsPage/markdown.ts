/** GitHub's anchor of a heading. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

/** Text of a docstring: what Markdown would take for a mark of its own is made harmless. */
export function escaped(text: string): string {
  const plain = (part: string) => part.replace(/[*_~]/g, "\\$&").replaceAll("<", "&lt;");
  const parts = text.split(/(`[^`]*`)/).map((part, i) => (i % 2 === 1 ? part : plain(part)));
  return parts.join("").replace(/^([-+#>]) /, "\\$1 ");
}

/** Alphabetically, capitals among the others. */
export const byLetters = (a: string, b: string): number => {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : 0;
};

export const code = (text: string): string => `\`${text}\``;
/** Code in a cell of a table, where a bar would end the cell. */
export const cell = (text: string): string => text.replaceAll("|", "\\|");
