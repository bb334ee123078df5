// What only some pages need of an op stands in the op, where one reads it. The built package keeps
// it apart, so that a bundler leaves it out of the others: the references of kernels, which the
// cpu device alone calls, and the formulas of derivatives, which the tape alone shows.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import type { Formula } from "../src/autodiff/formulas.ts";
import type { Kernel, Op } from "../src/core/ir.ts";
import type { RegisteredOp } from "../src/tensor/op.ts";
import {
  type Edit,
  isClosed,
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

/** Where the sources have the tables that the build fills. */
const FORMULAS = join("src", "autodiff", "formulas.js");
const REFERENCES = join("src", "cpu", "kernelReferences.js");

const TEXTS = ["ArrayExpression", "Literal", "TemplateLiteral"];

/** Leaves out the formulas that are texts, or that use nothing but attributes. */
export function* withoutFormulas(module: Syntax): Generator<Edit> {
  for (const syntax of within(module)) {
    if (syntax.type !== "ObjectExpression") continue;
    const derivative = propertyOf(syntax, "derivative");
    if (derivative === undefined) continue;
    if (!TEXTS.includes(derivative.type) && !isClosed(derivative)) continue;
    yield* withoutProperties(syntax, ["derivative", "operands"]);
  }
}

/** The source text of the formulas that were left out, by the name of the op. */
function formulasOf(ops: readonly RegisteredOp[]): string {
  const entries = ops.flatMap(({ name, derivative, operands }) => {
    const text = typeof derivative === "function" ? `${derivative}` : JSON.stringify(derivative);
    if (!isClosed(syntaxOf(`(${text})`))) return [];
    const letters = operands === undefined ? "" : `, operands: ${JSON.stringify(operands)}`;
    return `${name}: { derivative: ${text}${letters} }`;
  });
  return `formulas = {\n${entries.join(",\n")}\n}`;
}

/** Finds the references that stand in files of their own. */
export class References {
  readonly #dist: string;
  readonly #found = new Map<string, Imported>();

  constructor(dist: string) {
    this.#dist = dist;
  }

  /** Leaves out `reference` where a kernel names its family and imports the function. */
  *taken(module: Syntax, file: string): Generator<Edit> {
    const imports = importsOf(module, file);
    for (const syntax of within(module)) {
      if (syntax.type !== "ObjectExpression") continue;
      const family = propertyOf(syntax, "family");
      const reference = propertyOf(syntax, "reference");
      const imported = imports.get(reference?.name ?? "");
      if (typeof family?.value !== "string" || imported === undefined) continue;
      if (!isLight(imported.file, this.#dist)) continue;
      this.#found.set(family.value, imported);
      yield* withoutProperties(syntax, ["reference"]);
    }
  }

  /** Fills the table of the sources, which is empty. */
  write(): void {
    const path = join(this.#dist, REFERENCES);
    const entries = [...this.#found].map(([family, { name, file }], i) => {
      const from = relative(dirname(path), file).replaceAll("\\", "/");
      return { use: `import { ${name} as r${i} } from "${from}";\n`, entry: `${family}: r${i}` };
    });
    const table = `references = { ${entries.map(({ entry }) => entry).join(", ")} }`;
    fill(path, "references = {}", table, entries.map(({ use }) => use).join(""));
  }
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

/** Whether a file is of no use to what runs on WebGPU, with all that it imports. */
function isLight(file: string, dist: string): boolean {
  const [top, folder] = relative(dist, file).split(/[\\/]/);
  if (top === "kernels" || folder === "core") return true;
  const module = syntaxOf(readFileSync(file, "utf8"));
  const imported = [...importsOf(module, file).values()];
  return (folder === "ops" || folder === "optim") && imported.every((i) => isLight(i.file, dist));
}

/** Writes the tables of what was left out of the ops. */
export function writeTables(dist: string, ops: readonly RegisteredOp[], found: References): void {
  fill(join(dist, FORMULAS), "formulas = {}", formulasOf(ops));
  found.write();
}

interface Built {
  readonly registry: readonly RegisteredOp[];
  readonly formulaOf: (op: Op) => Partial<Formula>;
  readonly referenceOf: (kernel: Kernel) => unknown;
}

/** @throws where an op of the built package lacks what it has in the sources. */
export async function checkTables(dist: string, ops: readonly RegisteredOp[]): Promise<void> {
  const load = (...path: string[]) => import(pathToFileURL(join(dist, "src", ...path)).href);
  await load("index.js");
  const files = [
    ["tensor", "op.js"],
    ["autodiff", "formulas.js"],
    ["cpu", "kernelReferences.js"],
  ];
  const modules = await Promise.all(files.map((path) => load(...path)));
  const { registry, formulaOf, referenceOf } = Object.assign({}, ...modules) as Built;
  const built = new Map(registry.map((op) => [op.name, op]));
  for (const { name, derivative, operands } of ops) {
    const op = built.get(name)!;
    const formula = formulaOf(op);
    const isSame =
      `${[operands, typeof derivative]}` === `${[formula.operands, typeof formula.derivative]}` &&
      (typeof derivative === "function" || `${derivative}` === `${formula.derivative}`);
    const { forward } = op;
    const runs = forward.kind !== "kernel" || typeof referenceOf(forward) === "function";
    if (isSame && runs) continue;
    throw new Error(`build: ${name} has lost its ${runs ? "formula" : "reference"}; see apart.ts.`);
  }
}
