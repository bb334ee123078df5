import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  /** It vanishes when types are stripped. */
  readonly typeOnly: boolean;
}

const files = ["src", "kernels"].flatMap((folder) =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
);

const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

/** Comments do not import anything, and may speak of what the code must not touch. */
const code = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");

function importsOf(from: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^(import|export)\s+(?!const|function|class|abstract)([^;]*?)from\s+"(\.[^"]+)"/gm;
  for (const [, , names, path] of code(from).matchAll(statement)) {
    const inner = /\{([\s\S]*)\}/.exec(names)?.[1];
    const each = inner?.split(",").map((n) => n.trim()) ?? [];
    const allTypes = each.length > 0 && each.every((n) => n === "" || n.startsWith("type "));
    const typeOnly = /^type\s/.test(names) || allTypes;
    found.push({ from, to: relative(root, join(root, dirname(from), path)), typeOnly });
  }
  for (const [, path] of code(from).matchAll(/^import\s+"(\.[^"]+)"/gm)) {
    found.push({ from, to: relative(root, join(root, dirname(from), path)), typeOnly: false });
  }
  return found;
}

const imports = files.flatMap(importsOf);

/** From left to right; folders side by side may not know each other. */
const LAYERS = [
  ["core"],
  ["kernels"],
  ["gpu", "cpu"],
  ["tensor"],
  ["ops"],
  ["autodiff"],
  ["nn", "optim", "data", "io"],
  ["train", "inspect", "profile"],
  ["index"],
];

function folderOf(file: string): string {
  const [top, folder, ...rest] = file.split("/");
  if (top === "kernels") return "kernels";
  return rest.length === 0 ? "index" : folder;
}

const layerOf = (file: string): number => LAYERS.findIndex((l) => l.includes(folderOf(file)));

/** Within a folder, or to a layer further left: so `nn` and `optim` never meet. */
function pointsLeft({ from, to }: Import): boolean {
  if (folderOf(from) === folderOf(to)) return true;
  return layerOf(to) < layerOf(from);
}

/** A circle of files that need each other to load, or null. */
function cycleAmong(edges: ReadonlyMap<string, readonly string[]>): string[] | null {
  const state = new Map<string, "open" | "done">();
  const path: string[] = [];
  const visit = (file: string): string[] | null => {
    if (state.get(file) === "done") return null;
    if (state.get(file) === "open") return [...path.slice(path.indexOf(file)), file];
    state.set(file, "open");
    path.push(file);
    for (const to of edges.get(file) ?? []) {
      const cycle = visit(to);
      if (cycle !== null) return cycle;
    }
    path.pop();
    state.set(file, "done");
    return null;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle !== null) return cycle;
  }
  return null;
}

describe("imports", () => {
  it("are found", () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter((i) => !files.includes(i.to)).map((i) => `${i.from} ${i.to}`)).toEqual(
      [],
    );
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  it("point left", () => {
    const wrong = imports.filter((i) => !pointsLeft(i));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it("of kernels name only core's types, devices and each other", () => {
    const ofKernels = imports.filter((i) => folderOf(i.from) === "kernels");
    const folders = new Set(ofKernels.map((i) => folderOf(i.to)));
    expect([...folders].sort()).toEqual(["core", "kernels"]);
  });

  it("form no circle of files", () => {
    const edges = new Map(files.map((file) => [file, [] as string[]]));
    for (const { from, to, typeOnly } of imports) if (!typeOnly) edges.get(from)?.push(to);
    expect(cycleAmong(edges)).toBeNull();
  });
});

describe("WebGPU's device", () => {
  it("is touched by gpu/ alone", () => {
    const touching = files.filter((f) => /\bGPU[A-Z]\w+/.test(code(f)) && folderOf(f) !== "gpu");
    expect(touching).toEqual([]);
  });
});
