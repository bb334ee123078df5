import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { parseAst } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A piece of a module's syntax tree (ESTree), as far as it is read here. */
export interface Syntax {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** A top-level function or constant. */
export interface Binding {
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  readonly syntax: Syntax;
  /** The bindings whose names stand in it. */
  readonly uses: readonly Binding[];
  /** Text of a piece of its syntax. */
  text(syntax: Syntax): string;
}

interface Module {
  readonly bindings: Map<string, Binding>;
  /** Name inside: the module and the name there; "*" for all. */
  readonly imports: Map<string, readonly [string, string]>;
  readonly exports: Map<string, readonly [string, string]>;
}

const isSyntax = (x: unknown): x is Syntax =>
  typeof x === "object" && x !== null && typeof (x as Syntax).type === "string";

export const childrenOf = (syntax: Syntax): Syntax[] =>
  Object.values(syntax).flat().filter(isSyntax);

const nameOf = (x: unknown): string => (x as { readonly name?: string } | null)?.name ?? "";
const listOf = (x: unknown): readonly Syntax[] => (Array.isArray(x) ? x.filter(isSyntax) : []);

/** The sources below some folders, each function with what it uses: who is made of what. */
export class Sources {
  readonly #modules = new Map<string, Module>();

  constructor(folders: readonly string[]) {
    for (const folder of folders) {
      for (const file of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
        if (file.endsWith(".ts")) this.#read(posix.join(folder, file.replaceAll("\\", "/")));
      }
    }
    for (const { bindings } of this.#modules.values()) {
      for (const binding of bindings.values()) this.#link(binding);
    }
  }

  /** Every function and constant of every module. */
  get bindings(): Binding[] {
    return [...this.#modules.values()].flatMap((m) => [...m.bindings.values()]);
  }

  /** What a name means inside a module. */
  find(file: string, name: string): Binding | null {
    const module = this.#modules.get(file);
    if (module === undefined) return null;
    const own = module.bindings.get(name);
    if (own !== undefined) return own;
    const [from, inner] = module.imports.get(name) ?? module.exports.get(name) ?? [];
    return from === undefined || inner === undefined ? null : this.find(from, inner);
  }

  #read(file: string): void {
    const { code } = transformSync(readFileSync(join(root, file), "utf8"), { loader: "ts" });
    const module: Module = { bindings: new Map(), imports: new Map(), exports: new Map() };
    this.#modules.set(file, module);
    for (const statement of listOf((parseAst(code) as unknown as Syntax).body)) {
      const from = (statement.source as { readonly value?: string } | null)?.value;
      if (from !== undefined) {
        const into = statement.type === "ImportDeclaration" ? module.imports : module.exports;
        readNames(statement, into, posix.join(dirname(file), from));
        continue;
      }
      const names = new Map<string, readonly [string, string]>();
      readNames(statement, names, file);
      for (const [outer, target] of names) module.exports.set(outer, target);
      for (const [name, syntax] of declared(statement)) {
        const text = (part: Syntax) => code.slice(part.start, part.end);
        module.bindings.set(name, { name, file, syntax, uses: [], text });
      }
    }
  }

  #link(binding: Binding): void {
    const uses = binding.uses as Binding[];
    for (const name of freeNames(binding.syntax)) {
      const found = name === binding.name ? null : this.find(binding.file, name);
      if (found !== null && found !== binding) uses.push(found);
    }
  }
}

function readNames(statement: Syntax, into: Module["imports"], from: string): void {
  for (const specifier of listOf(statement.specifiers)) {
    const { local, imported, exported } = specifier;
    if (exported !== undefined) into.set(nameOf(exported), [from, nameOf(local)]);
    else into.set(nameOf(local), [from, nameOf(imported ?? local)]);
  }
}

/** Names and values of a top-level statement. */
function declared(statement: Syntax): [string, Syntax][] {
  const inner = isSyntax(statement.declaration) ? statement.declaration : statement;
  if (inner.type === "FunctionDeclaration") return [[nameOf(inner.id), inner]];
  return listOf(inner.declarations).flatMap(({ id, init }): [string, Syntax][] =>
    isSyntax(init) && nameOf(id) !== "" ? [[nameOf(id), init]] : [],
  );
}

/** Identifiers that stand for values, without those that the piece declares itself. */
function freeNames(syntax: Syntax): Set<string> {
  const used = new Set<string>();
  const own = new Set<string>();
  const visit = (node: Syntax): void => {
    if (node.type === "Identifier") used.add(nameOf(node));
    if (node.type === "VariableDeclarator") for (const name of namesIn(node.id)) own.add(name);
    for (const param of listOf(node.params)) for (const name of namesIn(param)) own.add(name);
    for (const child of childrenOf(node)) {
      const isLabel =
        (node.type === "MemberExpression" && child === node.property && !node.computed) ||
        (node.type === "Property" && child === node.key && !node.computed && !node.shorthand);
      if (!isLabel) visit(child);
    }
  };
  visit(syntax);
  return new Set([...used].filter((name) => !own.has(name)));
}

/** The names that a pattern binds. */
function namesIn(pattern: unknown): string[] {
  if (!isSyntax(pattern)) return [];
  if (pattern.type === "Identifier") return [nameOf(pattern)];
  if (pattern.type === "AssignmentPattern") return namesIn(pattern.left);
  if (pattern.type === "Property") return namesIn(pattern.value);
  if (pattern.type === "RestElement") return namesIn(pattern.argument);
  return [...listOf(pattern.elements), ...listOf(pattern.properties)].flatMap(namesIn);
}
