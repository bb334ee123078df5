import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "vite";

/** A piece of a module's syntax tree (ESTree). */
interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly key?: { readonly name?: string };
  /** Of a part of a template: its text. */
  readonly value?: { readonly raw?: string };
  readonly properties?: readonly Syntax[];
  readonly body?: Syntax[];
  readonly declaration?: Syntax | null;
  readonly declarations?: readonly { readonly init: Syntax | null }[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const isSyntax = (x: unknown): x is Syntax =>
  typeof x === "object" && x !== null && typeof (x as Syntax).type === "string";

/** What stands beside each op for its tests: a page has no use for it. */
const FOR_TESTS = ["samples", "sampleCall", "gradcheck"];

function* withoutTests(syntax: Syntax): Generator<Edit> {
  const cut: Syntax[] = [];
  if (syntax.type === "ObjectExpression") {
    const properties = syntax.properties ?? [];
    for (const [i, property] of properties.entries()) {
      if (!FOR_TESTS.includes(property.key?.name ?? "")) continue;
      cut.push(property);
      // Up to the next property, or to the end of the object: the comma goes along.
      const end = properties[i + 1]?.start ?? syntax.end - 1;
      yield { start: property.start, end, text: "" };
    }
  }
  if (syntax.type === "TemplateElement") yield* withoutIndent(syntax);
  for (const child of Object.values(syntax).flat()) {
    if (isSyntax(child) && !cut.includes(child)) yield* withoutTests(child);
  }
}

/** WGSL reads the same without its indentation and its comments. */
function* withoutIndent({ start, end, value }: Syntax): Generator<Edit> {
  const raw = value?.raw ?? "";
  if (!raw.includes("\n")) return;
  const text = raw.replace(/\s+\/\/[^\n]*(?=\n)/g, "").replace(/\n\s+/g, "\n");
  yield { start, end, text };
}

/**
 * `const sin = defineOp({ forward: kernel(…) })` does nothing else: a bundler may leave it out when
 * nobody uses it, if the calls among its arguments do nothing else, either.
 */
function* markedPure(module: Syntax): Generator<Edit> {
  for (const statement of module.body ?? []) {
    const { declarations = [] } = statement.declaration ?? statement;
    for (const { init } of declarations) if (init?.type === "CallExpression") yield* calls(init);
  }
}

/** Every call that is made when this is evaluated: functions are only made. */
function* calls(syntax: Syntax): Generator<Edit> {
  if (syntax.type.includes("Function") || FOR_TESTS.includes(syntax.key?.name ?? "")) return;
  if (syntax.type === "CallExpression" || syntax.type === "NewExpression") {
    yield { start: syntax.start, end: syntax.start, text: "/* @__PURE__ */ " };
  }
  for (const child of Object.values(syntax).flat()) if (isSyntax(child)) yield* calls(child);
}

/** Rewrites the built modules so that a page's bundler keeps of them only what the page uses. */
export function makeShakable(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js")) continue;
    const path = join(folder, file);
    let text = readFileSync(path, "utf8");
    const module = parseAst(text) as unknown as Syntax;
    const edits = [...withoutTests(module), ...markedPure(module)];
    for (const { start, end, text: by } of edits.sort((a, b) => b.start - a.start)) {
      text = text.slice(0, start) + by + text.slice(end);
    }
    writeFileSync(path, text);
  }
}
