import { countLine, type Outcome } from "./run.ts";

/** What is missing, each once with the number of cases that need it, most needed first. */
function missing(outcomes: readonly Outcome[]): string[] {
  const counts = new Map<string, number>();
  for (const { verdict, notes } of outcomes) {
    if (verdict !== "unsupported") continue;
    for (const note of notes) counts.set(note, (counts.get(note) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([note, n]) => (n === 1 ? note : `${note} (${n})`));
}

/** Names of what is missing, then a line per suite, then the sum of all. */
export function report(outcomes: readonly Outcome[]): string {
  const names = missing(outcomes);
  const lines = names.length === 0 ? [] : ["unsupported:", ...names.map((name) => `  ${name}`)];
  for (const suite of new Set(outcomes.map((o) => o.suite))) {
    lines.push(`${suite}: ${countLine(outcomes.filter((o) => o.suite === suite))}`);
  }
  return [...lines, countLine(outcomes)].join("\n");
}
