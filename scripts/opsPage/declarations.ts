import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One exported declaration of a module: its text without `export declare`, and its comment. */
export interface Declaration {
  readonly kind: "function" | "const" | "type" | "class";
  readonly name: string;
  /** Relative to the root: `src/ops/reduce/softmax.ts`. */
  readonly file: string;
  readonly text: string;
  /** The lines of the docstring, without its stars; empty where there is none. */
  readonly doc: readonly string[];
}

/** What a module exports: the name outside, and the declaration. */
export interface Exported {
  readonly name: string;
  readonly declaration: Declaration;
}

/** The exports of modules as the compiler declares them: inferred types are written out there. */
export interface Declarations {
  exportsOf(file: string): readonly Exported[];
}

/** Compiles the sources to declarations only, in a folder of their own, and reads them. */
export function readDeclarations(): Declarations {
  const folder = mkdtempSync(join(tmpdir(), "tapegrad-declarations-"));
  try {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const project = join(root, "scripts", "tsconfig.build.json");
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [tsc, "-p", project, "--emitDeclarationOnly", "--outDir", folder],
      { encoding: "utf8" },
    );
    return declarationsIn(folder, "src/ops/index.ts", `${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads what `entry` reaches; the folder may vanish afterwards. */
function declarationsIn(folder: string, entry: string, complaints: string): Declarations {
  const known = new Map<string, readonly Exported[]>();
  const read = (file: string): readonly Exported[] => {
    const found = known.get(file);
    if (found !== undefined) return found;
    const list = exportsIn(readText(join(folder, asDeclared(file)), complaints), file, read);
    known.set(file, list);
    return list;
  };
  read(entry);
  return {
    exportsOf(file) {
      const found = known.get(file);
      if (found === undefined) throw new Error(`${entry} does not reach ${file}.`);
      return found;
    },
  };
}

const asDeclared = (file: string): string => file.replace(/\.ts$/, ".d.ts");

function readText(path: string, complaints: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new Error(`tsc made no declarations (${path}).\n${complaints}`);
  }
}

/** `export { a, b as c, type T } from "./x.ts"`, `export * from`, `export * as n from`. */
const reexport = /^export (?:(type )?\{([^}]*)\}|\*(?: as (\w+))?) from "([^"]+)";$/gm;

type Read = (file: string) => readonly Exported[];

function exportsIn(text: string, file: string, read: Read): readonly Exported[] {
  const list = ownExports(text, file).map((declaration) => ({
    name: declaration.name,
    declaration,
  }));
  for (const [, , names, space, from] of text.matchAll(reexport)) {
    const source = read(posix.join(dirname(file), from!));
    if (names === undefined) {
      for (const e of source) list.push(space ? { ...e, name: `${space}.${e.name}` } : e);
      continue;
    }
    for (const item of names.split(",")) {
      const [inner, outer = inner] = item.trim().replace(/^type /, "").split(" as ");
      const found = source.find((e) => e.name === inner);
      if (found !== undefined) list.push({ name: outer!, declaration: found.declaration });
    }
  }
  return list;
}

const opening = /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export (?:declare )?(function|const|interface|type|class) (\w+)/gm;

function ownExports(text: string, file: string): Declaration[] {
  return [...text.matchAll(opening)].map((found) => {
    const [whole, comment, keyword, name] = found;
    const start = found.index + whole.length - `${keyword} ${name}`.length;
    const end = endOf(text, start, keyword === "interface" || keyword === "class");
    return {
      kind: keyword === "interface" ? "type" : (keyword as Declaration["kind"]),
      name: name!,
      file,
      text: text.slice(start, end),
      doc: linesOf(comment ?? ""),
    };
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

const linesOf = (comment: string): string[] =>
  comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trim())
    .filter((line) => line !== "");
