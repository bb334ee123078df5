import { differences } from "../oracle/differences.ts";
import type { Contents } from "./entries.ts";
import { isAsync } from "./facts.ts";
import { anchorOf } from "./markdown.ts";

/** The page of differences with its lists written anew; what is written by hand stays. */
export function withLists(page: string, contents: Contents): string {
  return between(between(page, "async", asyncFunctions(contents)), "cases", cases());
}

function asyncFunctions({ entries }: Contents): string {
  const names = entries.filter(isAsync).map(({ name }) => name);
  return names.map((name) => `[\`${name}\`](ops.md#${anchorOf(name)})`).join(", ");
}

/** The cases of each reason. */
function cases(): string {
  const reasons = new Map<string, string[]>();
  for (const [name, reason] of Object.entries(differences)) {
    reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  }
  return [...reasons]
    .map(([reason, names]) => `- ${names.map((name) => `\`${name}\``).join(", ")}: ${reason}.`)
    .join("\n");
}

/** Replaces what stands between `<!-- NAME… -->` and `<!-- /NAME -->`. */
function between(page: string, name: string, text: string): string {
  const place = new RegExp(`(<!-- ${name}:[^>]*-->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!place.test(page)) {
    throw new Error(
      `docs/differences.md has lost its comments <!-- ${name}: … --> and <!-- /${name} -->.`,
    );
  }
  return page.replace(place, (_, start: string, end: string) => `${start}\n${text}\n\n${end}`);
}
