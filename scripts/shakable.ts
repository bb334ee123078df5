import { type Edit, type Syntax, within, withoutProperties } from "./syntax.ts";

/** What stands beside each op for its tests: a page has no use for it. */
const FOR_TESTS = ["samples", "sampleCall", "gradcheck"];

/** Leaves out what tests need, and what WGSL reads the same without. */
export function* withoutTests(module: Syntax): Generator<Edit> {
  const isLeft = (piece: Syntax) =>
    piece.type === "Property" && FOR_TESTS.includes(piece.key?.name ?? "");
  for (const syntax of within(module, isLeft)) {
    if (syntax.type === "ObjectExpression") yield* withoutProperties(syntax, FOR_TESTS);
    if (syntax.type === "TemplateElement") yield* withoutIndent(syntax);
  }
}

/** WGSL reads the same without its indentation and its comments. */
function* withoutIndent({ start, end, value }: Syntax): Generator<Edit> {
  const { raw } = value as { raw: string };
  if (!raw.includes("\n")) return;
  const text = raw.replace(/\s+\/\/[^\n]*(?=\n)/g, "").replace(/\n\s+/g, "\n");
  yield { start, end, text };
}

/** Leaves out imports of which nothing is used any more: a bundler would share their modules. */
export function* withoutUnused(module: Syntax): Generator<Edit> {
  const isImport = ({ type }: Syntax) => type === "ImportDeclaration";
  const used = new Set([...within(module, isImport)].map(({ name }) => name));
  for (const { start, end, specifiers = [] } of module.body?.filter(isImport) ?? []) {
    const isUsed = specifiers.some(({ local }) => used.has(local?.name));
    if (specifiers.length > 0 && !isUsed) yield { start, end, text: "" };
  }
}

/**
 * `const sin = defineOp({ forward: kernel(…) })` does nothing else: a bundler may leave it out when
 * nobody uses it, if the calls among its arguments do nothing else, either.
 */
export function* markedPure(module: Syntax): Generator<Edit> {
  // Functions are only made: what they call is called later.
  const isFunction = ({ type }: Syntax) => type.includes("Function");
  for (const statement of module.body ?? []) {
    const { declarations = [] } = statement.declaration ?? statement;
    for (const { init } of declarations) {
      if (init?.type !== "CallExpression") continue;
      for (const { type, start } of within(init, isFunction)) {
        if (type !== "CallExpression" && type !== "NewExpression") continue;
        yield { start, end: start, text: "/* @__PURE__ */ " };
      }
    }
  }
}
