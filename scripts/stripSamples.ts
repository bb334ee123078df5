import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";

interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Property extends Syntax {
  readonly key?: { readonly name?: string };
}

const isSyntax = (x: unknown): x is Syntax =>
  typeof x === "object" && x !== null && typeof (x as Syntax).type === "string";

/** Every property called `samples` of an object literal below a piece of syntax. */
function* samplesBelow(syntax: Syntax): Generator<Property> {
  if (syntax.type === "Property" && (syntax as Property).key?.name === "samples") {
    yield syntax as Property;
    return;
  }
  for (const child of Object.values(syntax).flat()) if (isSyntax(child)) yield* samplesBelow(child);
}

/**
 * Takes the samples of ops out of the built files: they stand beside each op for its tests, and a
 * page has no use for them. What only they used is then left out by the page's bundler.
 */
export function stripSamples(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js")) continue;
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes("samples")) continue;
    let stripped = text;
    const found = [...samplesBelow(parseAst(text) as unknown as Syntax)];
    for (const { start, end } of found.reverse()) {
      stripped = `${stripped.slice(0, start)}samples: () => []${stripped.slice(end)}`;
    }
    writeFileSync(path, stripped);
  }
}
