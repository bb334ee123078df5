import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import "../../src/index.ts";
import { registry } from "../../src/tensor/op.ts";

const FILES = [
  "schedule",
  "fuse",
  "plan",
  "graph",
  "emit",
  "space",
  "codegen",
  "text",
  "view",
  "arena",
];

/** Steps of index algebra are named by what they do to addresses; some ops do just that. */
const STEP = /(type(:| ===| !==)|case) "(reshape|permute|expand|slice|flip|pad)"/g;

/** The names of ops that stand in a text as a string of their own. */
function namedIn(text: string): string[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*$/gm, "")
    .replace(STEP, "");
  const strings = new Set([...code.matchAll(/(["'`])([\w.]+)\1/g)].map((m) => m[2]));
  return registry.map((op) => op.name).filter((name) => strings.has(name));
}

describe("the planner", () => {
  it("knows many ops' names, and finds one where it stands", () => {
    expect(registry.length).toBeGreaterThan(60);
    expect(namedIn('if (op.name === "matmul") return "exp";')).toEqual(
      expect.arrayContaining(["matmul", "exp"]),
    );
  });

  it.each(FILES)("%s.ts names no op and compares no name", (file) => {
    const path = fileURLToPath(new URL(`../../src/tensor/${file}.ts`, import.meta.url));
    const text = readFileSync(path, "utf8");
    expect(namedIn(text)).toEqual([]);
    expect(text).not.toMatch(/op\.name\s*[!=]==|\.id\s*[!=]==/);
    expect(text).not.toMatch(/from "\.\.\/ops\//);
  });
});
