// What only some pages need of an op stands in the op, where one reads it. The built package keeps
// it apart, so that a bundler leaves it out of the others: JavaScript of kernels and elements, which
// the cpu device alone calls, batching rules, which are vmap's, and the tape's formulas.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { RegisteredOp } from "../src/tensor/op.ts";
import {
  type Edit,
  freeNames,
  isBuiltIn,
  propertyOf,
  type Syntax,
  syntaxOf,
  within,
  withoutProperties,
} from "./syntax.ts";

/** A function that is imported from a file. */
interface Imported {
  readonly name: string;
  readonly file: string;
}

/** Where the sources have the table of formulas. */
export const FORMULAS = join("src", "autodiff", "formulas.js");

const TEXTS = ["ArrayExpression", "Literal", "TemplateLiteral"];

/** Leaves out the formulas that are texts, or that use nothing but attributes. */
export function* withoutFormulas(module: Syntax): Generator<Edit> {
  for (const syntax of within(module)) {
    if (syntax.type !== "ObjectExpression") continue;
    const derivative = propertyOf(syntax, "derivative");
    if (derivative === undefined) continue;
    if (!TEXTS.includes(derivative.type) && !freeNames(derivative).every(isBuiltIn)) continue;
    yield* withoutProperties(syntax, ["derivative", "operands"]);
  }
}

/** The source text of the formulas that were left out, by the name of the op. */
function formulasOf(ops: readonly RegisteredOp[]): string {
  const entries = ops.flatMap(({ name, derivative, operands }) => {
    const text = typeof derivative === "function" ? `${derivative}` : JSON.stringify(derivative);
    if (!freeNames(syntaxOf(`(${text})`)).every(isBuiltIn)) return [];
    const letters = operands === undefined ? "" : `, operands: ${JSON.stringify(operands)}`;
    return `${name}: { derivative: ${text}${letters} }`;
  });
  return `formulas = {\n${entries.join(",\n")}\n}`;
}

/** What the build moves into one table of the sources, which is empty there. */
interface Table {
  readonly name: string;
  readonly file: string;
  /** Where it goes nothing may come along that runs on WebGPU, to be shared by two chunks. */
  readonly light: boolean;
}

export const JAVASCRIPT = join("src", "cpu", "javascript.js");
const REFERENCES: Table = { name: "references", file: JAVASCRIPT, light: true };
const ELEMENTS: Table = { name: "elements", file: JAVASCRIPT, light: true };
export const BATCHES: Table = {
  name: "batchRules",
  file: join("src", "autodiff", "batchRules.js"),
  light: false,
};

/** Moves properties of ops and kernels that need nothing of their module but what it imports. */
export class Moved {
  readonly #dist: string;
  readonly #entries = new Map<Table, Map<string, string>>();
  /** Where each name comes from, by table. */
  readonly #imports = new Map<string, Map<string, string>>();

  constructor(dist: string) {
    this.#dist = dist;
  }

  /** Leaves out of a module what can be moved. */
  *takenFrom(module: Syntax, file: string, text: string): Generator<Edit> {
    const imports = importsOf(module, file);
    for (const syntax of within(module)) {
      if (syntax.type !== "ObjectExpression") continue;
      for (const [table, key, object, property] of candidatesIn(syntax)) {
        const value = propertyOf(object, property);
        if (value === undefined || !this.#take(table, key, value, imports, text)) continue;
        yield* withoutProperties(object, [property]);
      }
    }
  }

  #take(
    table: Table,
    key: string,
    value: Syntax,
    imports: ReadonlyMap<string, Imported>,
    text: string,
  ): boolean {
    const names = freeNames(value);
    if (!names.every((name) => imports.has(name) || isBuiltIn(name))) return false;
    const found = names.flatMap((name) => imports.get(name) ?? []);
    if (table.light && !found.every(({ file }) => isLight(file, this.#dist))) return false;
    for (const { name, file } of found) this.#import(table, name, file);
    // An import may have another name in its module; one in a longer expression has not.
    const moved = value.type === "Identifier" ? found[0].name : text.slice(value.start, value.end);
    const entries = this.#entries.get(table) ?? new Map<string, string>();
    this.#entries.set(table, entries.set(key, moved));
    return true;
  }

  #import({ file: to }: Table, name: string, file: string): void {
    const names = this.#imports.get(to) ?? new Map<string, string>();
    this.#imports.set(to, names);
    if ((names.get(name) ?? file) === file) names.set(name, file);
    else throw new Error(`build: two functions are called ${name}. Rename the one in ${file}.`);
  }

  /** Fills the tables. */
  write(): void {
    for (const [{ name, file }, entries] of this.#entries) {
      const table = [...entries].map(([key, value]) => `${key}: ${value}`).join(",\n");
      fill(join(this.#dist, file), `${name} = {}`, `${name} = {\n${table}\n}`);
    }
    for (const [file, names] of this.#imports) {
      const path = join(this.#dist, file);
      const lines = [...names].map(([name, from]) => {
        const place = relative(dirname(path), from).replaceAll("\\", "/");
        return `import { ${name} } from "${place}";\n`;
      });
      writeFileSync(path, lines.join("") + readFileSync(path, "utf8"));
    }
  }
}

/** Of an object literal: what could go to which table, under which key. */
function* candidatesIn(object: Syntax): Generator<[Table, string, Syntax, string]> {
  const family = propertyOf(object, "family")?.value;
  if (typeof family === "string") yield [REFERENCES, family, object, "reference"];
  const name = propertyOf(object, "name")?.value;
  if (typeof name !== "string") return;
  yield [BATCHES, name, object, "batch"];
  const element = propertyOf(object, "forward")?.arguments?.[0];
  if (element?.type === "ObjectExpression") yield [ELEMENTS, name, element, "js"];
}

function fill(path: string, empty: string, table: string, before = ""): void {
  const text = readFileSync(path, "utf8");
  if (!text.includes(empty)) throw new Error(`build: ${path} has no "${empty}" to fill.`);
  writeFileSync(path, before + text.replace(empty, () => table));
}

/** What a module imports from others of the package, by its name there. */
function importsOf(module: Syntax, file: string): Map<string, Imported> {
  const found = new Map<string, Imported>();
  for (const { source, specifiers = [] } of module.body ?? []) {
    if (typeof source?.value !== "string" || !source.value.startsWith(".")) continue;
    for (const { local, imported } of specifiers) {
      const from = join(dirname(file), source.value);
      if (local?.name && imported?.name) found.set(local.name, { name: imported.name, file: from });
    }
  }
  return found;
}

/** Whether a file, with all that it imports, has no use or little weight for what runs on WebGPU. */
function isLight(file: string, dist: string): boolean {
  const [top, folder] = relative(dist, file).split(/[\\/]/);
  if (folder === "core") return true;
  if (top !== "kernels" && folder !== "ops" && folder !== "optim") return false;
  const imported = [...importsOf(syntaxOf(readFileSync(file, "utf8")), file).values()];
  return top === "kernels" ? imported.length === 0 : imported.every((i) => isLight(i.file, dist));
}

/** Writes the tables of what was left out of the ops. */
export function writeTables(dist: string, ops: readonly RegisteredOp[], moved: Moved): void {
  fill(join(dist, FORMULAS), "formulas = {}", formulasOf(ops));
  moved.write();
}
