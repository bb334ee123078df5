import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One declaration of a module: its text without `export declare`, and its comment. */
export interface Declaration {
  readonly kind: "function" | "const" | "class" | "type" | "interface";
  readonly name: string;
  /** Relative to the root: `src/ops/reduce/softmax.ts`. */
  readonly file: string;
  /** One text for each signature. */
  readonly texts: readonly string[];
  /** The lines of the docstring, without its stars; empty where there is none. */
  readonly doc: readonly string[];
}

interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Names from elsewhere: the module and the name there. */
  readonly imports: ReadonlyMap<string, readonly [string, string]>;
  /** Names outside, with the module and the name there. */
  readonly exports: ReadonlyMap<string, readonly [string, string]>;
}

/** The declarations of the sources as the compiler writes them: inferred types are spelled out. */
export class Declarations {
  readonly #modules = new Map<string, Module>();

  /** Compiles the sources to declarations only, in a folder of their own, and reads them. */
  constructor(entry: string) {
    const folder = mkdtempSync(join(tmpdir(), "tapegrad-declarations-"));
    try {
      const complaints = declare(folder);
      if (!existsSync(join(folder, asDeclared(entry)))) {
        throw new Error(`tsc made no declarations of ${entry}.\n${complaints}`);
      }
      this.#read(folder, entry);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Name outside, and the declaration, in the order of the module's lines. */
  exportsOf(file: string): [string, Declaration][] {
    const module = this.#modules.get(file)!;
    return [...module.exports].flatMap(([name, [from, inner]]): [string, Declaration][] => {
      if (inner === "*") return this.exportsOf(from).map(([n, d]) => [`${name}.${n}`, d]);
      const found = this.find(from, inner);
      return found === null ? [] : [[name, found]];
    });
  }

  /** What a name means inside a module. */
  find(file: string, name: string): Declaration | null {
    const module = this.#modules.get(file);
    const own = module?.declarations.get(name);
    if (own !== undefined) return own;
    const [from, inner] = module?.imports.get(name) ?? module?.exports.get(name) ?? [file, name];
    return from === file && inner === name ? null : this.find(from, inner);
  }

  #read(folder: string, file: string): void {
    const path = join(folder, asDeclared(file));
    if (this.#modules.has(file) || !existsSync(path)) return;
    const text = readFileSync(path, "utf8");
    const exports = new Map<string, readonly [string, string]>();
    const imports = new Map<string, readonly [string, string]>();
    const declarations = new Map<string, Declaration>();
    this.#modules.set(file, { declarations, imports, exports });
    for (const declaration of declarationsIn(text, file)) {
      const { name } = declaration;
      const before = declarations.get(name);
      const texts = [...(before?.texts ?? []), ...declaration.texts];
      declarations.set(name, { ...(before ?? declaration), texts });
      if (before === undefined) exports.set(name, [file, name]);
    }
    for (const [, verb, names, space, from] of text.matchAll(movement)) {
      const target = posix.join(dirname(file), from!);
      const into = verb === "import" ? imports : exports;
      this.#read(folder, target);
      if (space !== undefined) into.set(space, [target, "*"]);
      else if (names === undefined) {
        for (const [name] of this.exportsOf(target)) into.set(name, [target, name]);
      } else for (const [inner, outer] of pairsIn(names)) into.set(outer, [target, inner]);
    }
    for (const [, comment, names] of text.matchAll(renaming)) {
      for (const [inner, outer] of pairsIn(names!)) {
        exports.set(outer, [file, inner]);
        const found = declarations.get(inner);
        if (found?.doc.length === 0) declarations.set(inner, { ...found, doc: linesOf(comment) });
      }
    }
  }
}

function declare(folder: string): string {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const project = join(root, "scripts", "tsconfig.build.json");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [tsc, "-p", project, "--emitDeclarationOnly", "--outDir", folder],
    { encoding: "utf8" },
  );
  return `${stdout}${stderr}`;
}

const asDeclared = (file: string): string => file.replace(/\.ts$/, ".d.ts");

/** `import { a } from "./x.ts"`, `export { a, b as c } from`, `export * from`, `export * as n from`. */
const movement = /^(import|export) (?:type )?(?:\{([^}]*)\}|\*(?: as (\w+))?) from "(\.[^"]+)";$/gm;

const comments = String.raw`(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?`;

/** `export { finite as isFinite };` */
const renaming = new RegExp(String.raw`${comments}^export \{([^}]*)\};$`, "gm");

const opening = new RegExp(
  String.raw`${comments}^(?:export )?(?:declare )?(function|const|interface|type|class) (\w+)`,
  "gm",
);

/** `a, type B, c as d`: names inside and outside. */
const pairsIn = (names: string): [string, string][] =>
  [...names.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, inner, outer]) => [
    inner!,
    outer ?? inner!,
  ]);

function declarationsIn(text: string, file: string): Declaration[] {
  return [...text.matchAll(opening)].map((found) => {
    const [whole, comment, keyword, name] = found;
    const kind = keyword as Declaration["kind"];
    const start = found.index + whole.length - `${keyword} ${name}`.length;
    const end = endOf(text, start, kind === "interface" || kind === "class");
    return { kind, name: name!, file, texts: [text.slice(start, end)], doc: linesOf(comment) };
  });
}

/** Where a declaration ends: at its semicolon, or with its braces. */
function endOf(text: string, start: number, braced: boolean): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const c = text[at]!;
    if ("({[".includes(c)) depth++;
    if (")}]".includes(c)) depth--;
    if (depth > 0) continue;
    if (braced ? c === "}" : c === ";") return braced ? at + 1 : at;
  }
  return text.length;
}

const linesOf = (comment = ""): string[] =>
  comment
    .split("\n")
    .map((line) => line.replace(/^\s*(?:\* ?)?/, "").trimEnd())
    .filter((line) => line.trim() !== "");
